using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Audit;
using BrainMVP.Federated.Aggregator.Collection;
using BrainMVP.Federated.Aggregator.Enrollment;
using BrainMVP.Federated.Aggregator.ObjectStorage;
using BrainMVP.Federated.Aggregator.Releases;
using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Aggregator.Sites;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Orleans.Configuration;
using Orleans.Storage;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>Puts one process together: an Orleans silo and a Kestrel server that speaks gRPC over mutual TLS.</summary>
public static class AggregatorHost
{
    private const int SiloPortAttempts = 5;
    private const int BucketThreads = 64;
    private const string ClusterName = "brainmvp";

    /// <summary>Runs until the process is told to stop.</summary>
    /// <exception cref="FederationException">BMF-1008 port in use, BMF-1009 folder in use, BMF-1010 not initialised.</exception>
    public static async Task Run(AggregatorOptions options, CancellationToken cancellation)
    {
        using var folderLock = FolderLock.Take(options.Folder.LockFile);
        RequireNoRival(options.Folder);
        using var trust = TrustFiles.Load(options.Folder.Root, TimeProvider.System);
        if (options.Silo is { } silo)
        {
            await PostgresState.Require(silo.Postgres, cancellation);
        }
        else
        {
            SqliteState.Prepare(options.Folder.Database);
        }

        using var bucket = options.Bucket is { } place ? new S3ObjectStore(place, TimeProvider.System) : null;
        if (bucket is not null)
        {
            Join(bucket, options, trust);
        }

        await using var app = await Start(options, trust, bucket, cancellation);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var port = new Uri(address).Port;
        var host = options.Address.Equals(IPAddress.Any) || options.Address.Equals(IPAddress.IPv6Any) ? "localhost" : options.Address.ToString();
        DurableFile.WriteAllText(options.Folder.Address, $"https://{host}:{port}");
        Console.WriteLine($"Consortium {trust.Consortium} is ready at https://{host}:{port} (process {Environment.ProcessId}).");
        await app.WaitForShutdownAsync(cancellation);
    }

    private static void Join(S3ObjectStore bucket, AggregatorOptions options, TrustFiles trust)
    {
        // Threads that wait for the bucket are not there for others, and the system adds new ones slowly.
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, BucketThreads), ports);
        bucket.RequireBucket();
        var folder = options.Folder;
        SharedBucket.Join(bucket, Convert.ToHexStringLower(trust.Authority.GetCertHash(HashAlgorithmName.SHA256)), folder.Bucket, options.Bucket!.ToString(), new ArtifactStore(folder.Artifacts, folder.Incoming, bucket), new DocumentStore(folder.Documents, bucket));
    }

    /// <summary>Looked for with the own lock in hand, so that of two that start at once at least one sees the other.</summary>
    private static void RequireNoRival(AggregatorFolder folder)
    {
        foreach (var rival in folder.RivalLocks())
        {
            if (FolderLock.Holder(rival) is { } process)
            {
                throw ErrorCatalogue.AlreadyRunning.With(folder.Silo.Length > 0
                    ? $"{folder.Root} is in use by an aggregator without --silo, process {process}."
                    : $"{folder.Root} is in use by silo {Path.GetFileNameWithoutExtension(rival)}, process {process}; start this one with --postgres and --silo as well.");
            }
        }
    }

    private static async Task<WebApplication> Start(AggregatorOptions options, TrustFiles trust, IObjectStore? bucket, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var app = Build(options, trust, bucket);
            try
            {
                await app.StartAsync(cancellation);
                return app;
            }
            catch (IOException e) when (e.InnerException is AddressInUseException)
            {
                await app.DisposeAsync();
                throw ErrorCatalogue.PortInUse.With($"Port {options.Port} on {options.Address}.", e);
            }
            catch (AddressInUseException) when (options.Silo is null && attempt < SiloPortAttempts)
            {
                // The silo's own ports were free a moment ago; another process was faster. Others are as good.
                await app.DisposeAsync();
            }
        }
    }

    private static WebApplication Build(AggregatorOptions options, TrustFiles trust, IObjectStore? bucket)
    {
        // Settings are the command's options. A file of settings that happened to lie in the working folder would count too,
        // and watching for it would make the system tell this process of every file that it writes below.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, WideMemoryPool.Factory>();
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Logging.AddFilter("Orleans", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Grpc", LogLevel.Warning);
        builder.Logging.AddFilter("Polly", LogLevel.Error);
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error);
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options, trust));
        builder.Host.UseOrleans(silo => ConfigureSilo(silo, options));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<ErrorInterceptor>();
            grpc.MaxReceiveMessageSize = Contracts.Json.CanonicalJson.MaximumBytes + (1 << 20);
        });
        AddServices(builder.Services, options, trust, bucket);
        var app = builder.Build();
        app.MapGrpcService<EnrollmentGrpc>();
        app.MapGrpcService<SiteGrpc>();
        app.MapGrpcService<ArtifactGrpc>();
        app.MapGrpcService<AdminGrpc>();
        app.MapGrpcService<ReleaseGrpc>();
        return app;
    }

    private static void AddServices(IServiceCollection services, AggregatorOptions options, TrustFiles trust, IObjectStore? bucket)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(options.Folder);
        services.AddSingleton(trust);
        services.AddSingleton(new ArtifactStore(options.Folder.Artifacts, options.Folder.Incoming, bucket));
        services.AddSingleton(new DocumentStore(options.Folder.Documents, bucket));
        services.AddSingleton(new AuditObjects(bucket));
        services.AddSingleton(new UploadStore(options.Folder.Uploads, options.Silo?.Name ?? "aggregator", bucket));
        services.AddSingleton(new SumStore(options.Folder.Sums, bucket));
        if (bucket is not null)
        {
            services.AddSingleton(bucket);
            services.AddHostedService<CacheSweeper>();
        }

        services.AddSingleton(s => new RoundScratch(s.GetRequiredService<UploadStore>(), s.GetRequiredService<SumStore>(), options.Shards));
        services.AddSingleton<DiskRoom>();
        services.AddHostedService(s => s.GetRequiredService<DiskRoom>());
        services.AddSingleton(s => new SiteBandwidth(options.SiteMegabits, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(options.Retention);
        services.AddHostedService<ArtifactCollector>();
        services.AddSingleton<DocumentSigner>();
        services.AddSingleton<Caller>();
        services.AddSingleton<RoundRoster>();
        services.AddSingleton<RoundSelection>();
        services.AddSingleton<RoundBuilder>();
        services.AddSingleton<RoundOpener>();
        services.AddSingleton<DueBell>();
        services.AddSingleton<UploadBudget>();
        services.AddSingleton<UploadStreams>();
        services.AddSingleton<RoundUploads>();
        services.AddSingleton<ReportIntake>();
        services.AddSingleton<RunSubmission>();
        services.AddSingleton<RunStatusView>();
        services.AddSingleton<ReleaseMaker>();
        services.AddSingleton<AggregationWorkers>();
        services.AddHostedService(s => s.GetRequiredService<AggregationWorkers>());
    }

    private static void ConfigureSilo(ISiloBuilder silo, AggregatorOptions options)
    {
        var (invariant, connection) = options.Silo is { } place
            ? (PostgresState.Invariant, place.Postgres)
            : (SqliteState.Invariant, SqliteState.ConnectionString(options.Folder.Database));
        if (options.Silo is { } member)
        {
            Join(silo, member);
        }
        else
        {
            var (siloPort, gatewayPort) = FreePorts();
            silo.UseLocalhostClustering(siloPort, gatewayPort, serviceId: ClusterName, clusterId: ClusterName);
        }

        silo.AddAdoNetGrainStorageAsDefault(storage => storage.Configure<IServiceProvider>((adoNet, services) =>
        {
            adoNet.Invariant = invariant;
            adoNet.ConnectionString = connection;
            // Plain JSON without type names: renaming a class must not make old state unreadable.
            adoNet.GrainStorageSerializer = ActivatorUtilities.CreateInstance<SystemTextJsonGrainStorageSerializer>(services);
        }));
        silo.UseAdoNetReminderService(reminders =>
        {
            reminders.Invariant = invariant;
            reminders.ConnectionString = connection;
        });
        silo.AddStartupTask<RunWakeUp>();
        silo.Configure<GrainCollectionOptions>(o => o.CollectionAge = TimeSpan.FromHours(2));
    }

    /// <summary>
    /// Makes the process one of several. A silo that dies is noticed within seconds, and its grains live on in the others;
    /// one that comes back at the same endpoint takes the place of its predecessor at once.
    /// </summary>
    private static void Join(ISiloBuilder silo, SiloPlace place)
    {
        silo.Configure<ClusterOptions>(o => (o.ServiceId, o.ClusterId) = (ClusterName, ClusterName));
        silo.Configure<SiloOptions>(o => o.SiloName = place.Name);
        silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (PostgresState.Invariant, place.Postgres));
        silo.Configure<EndpointOptions>(o =>
        {
            (o.AdvertisedIPAddress, o.SiloPort, o.GatewayPort) = (place.Address, place.SiloPort, place.GatewayPort);
            (o.SiloListeningEndpoint, o.GatewayListeningEndpoint) = (new IPEndPoint(place.Address, place.SiloPort), new IPEndPoint(place.Address, place.GatewayPort));
        });
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            o.ProbeTimeout = TimeSpan.FromSeconds(2);
            o.NumMissedProbesLimit = 2;
            o.TableRefreshTimeout = TimeSpan.FromSeconds(5);

            // A silo that starts asks every other one that was alive three of these ago, dead ones too: all silos that were
            // killed at once would wait for each other so long.
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(2);
        });
    }

    private static void Listen(KestrelServerOptions kestrel, AggregatorOptions options, TrustFiles trust)
    {
        // Default windows allow 5 MiB/s at 100 ms round trip. An upload has up to four streams, and the connection's window
        // holds all of theirs and the acknowledgements beside them.
        kestrel.Limits.Http2.InitialStreamWindowSize = RoundUploads.WindowBytes;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 34 << 20;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
        kestrel.Listen(options.Address, options.Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = TimeSpan.FromSeconds(15),
                OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
                {
                    ServerCertificate = trust.Server,
                    ClientCertificateRequired = true,
                    // Any or no client certificate passes here; Caller judges it for every request, with a reason the caller can
                    // read. A refusal inside TLS would reach the agent as an unexplained broken connection.
#pragma warning disable CA5359
                    RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
                }),
            });
        });
    }

    private static (int Silo, int Gateway) FreePorts()
    {
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
    }
}
