using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.SiteAgent.Enrollment;
using BrainMVP.Federated.SiteAgent.Policy;
using BrainMVP.Federated.SiteAgent.Rounds;
using BrainMVP.Federated.SiteAgent.Trainer;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Audit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace BrainMVP.Federated.SiteAgent.Hosting;

/// <summary>Puts the daemon together.</summary>
public static class AgentHost
{
    private static readonly TimeSpan LongestShutdown = TimeSpan.FromSeconds(5);

    /// <summary>Runs until the process is asked to end.</summary>
    /// <param name="folder">An enrolled site.</param>
    /// <param name="data">Replaces the data path of <c>site.yaml</c>; null keeps it.</param>
    /// <param name="device">Replaces the device of <c>site.yaml</c>; null keeps it.</param>
    public static async Task RunAsync(SiteFolder folder, string? data, string? device, CancellationToken cancellation)
    {
        folder.RequireEnrolled();
        using var agentLock = FolderLock.Take(folder.Lock);
        var settings = SiteSettings.Read(folder);
        if (data is not null || device is not null)
        {
            settings = settings with { Data = data is null ? settings.Data : Path.GetFullPath(data), Device = device ?? settings.Device };
            settings.Write(folder);
        }

        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.ColorBehavior = LoggerColorBehavior.Disabled;
            o.UseUtcTimestamp = true;
            o.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Grpc", LogLevel.Warning);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = LongestShutdown);
        AddAgent(builder.Services, folder, settings, new TrainerProcess(TimeProvider.System));
        using var host = builder.Build();
        await host.RunAsync(cancellation);
    }

    /// <summary>The services of one agent. A process may hold several agents, each with services of its own.</summary>
    public static void AddAgent(IServiceCollection services, SiteFolder folder, SiteSettings settings, ITrainer trainer)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(folder);
        services.AddSingleton(settings);
        services.AddSingleton<SiteIdentity>();
        services.AddSingleton<AggregatorCalls>();
        services.AddSingleton(s => new Bandwidth(() => PolicyFile.Read(folder.Policy), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SiteLink>();
        services.AddSingleton<WorkProgress>();
        services.AddSingleton(s => AuditLog.Open(folder.Audit, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new ArtifactCache(folder.Artifacts, s.GetRequiredService<SiteLink>(), s.GetRequiredService<TimeProvider>(), TransferLimits.Default));
        services.AddSingleton<SiteContext>();
        services.AddSingleton(trainer);
        services.AddSingleton<Worker>();
        services.AddSingleton<CertificateRenewal>();
        services.AddHostedService<AgentService>();
    }
}
