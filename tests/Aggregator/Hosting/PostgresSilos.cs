using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace BrainMVP.Federated.Aggregator.Tests.Hosting;

/// <summary>Silos with their own sockets that know of each other only through PostgreSQL.</summary>
internal sealed class PostgresSilos : IAsyncDisposable
{
    private const string Invariant = "Npgsql";

    private readonly List<IHost> _hosts = [];

    public IServiceProvider Services => _hosts[0].Services;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public static async Task<PostgresSilos> Start(string connection, string service, int count, CancellationToken cancellation)
    {
        var silos = new PostgresSilos();
        for (var i = 0; i < count; i++)
        {
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.Logging.SetMinimumLevel(LogLevel.Error);
            builder.UseOrleans(silo =>
            {
                silo.Configure<ClusterOptions>(options => (options.ServiceId, options.ClusterId) = (service, service));
                silo.ConfigureEndpoints(IPAddress.Loopback, FreePort(), FreePort());
                // The silo would remove old silos by itself whenever the membership changes, before a test has seen them.
                silo.Configure<ClusterMembershipOptions>(options => (options.DefunctSiloCleanupPeriod, options.MaxDefunctSiloEntries) = (null, null));
                silo.UseAdoNetClustering(clustering =>
                {
                    clustering.Invariant = Invariant;
                    clustering.ConnectionString = connection;
                });
                StorageContract.Configure(silo, Invariant, connection);
            });
            silos._hosts.Add(builder.Build());
            await silos._hosts[^1].StartAsync(cancellation);
        }

        return silos;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync(CancellationToken.None);
            host.Dispose();
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
