using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Simulation.Processes;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.Simulation.Federation;

/// <summary>The processes: one aggregator and an agent for each site. Ends all of them, also those restarted by hand.</summary>
public sealed class SimulatedFederation(Executables executables, SimulationFolder folder, IReadOnlyList<SiteSpecification> sites, Plan plan, int port, string device) : IAsyncDisposable
{
    private const string Approver = "simulation";
    private const int PortAttempts = 5;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<string, ManagedProcess> _agents = new(StringComparer.Ordinal);
    private ManagedProcess? _aggregator;
    private bool _stopped;

    public ManagedProcess Aggregator => _aggregator ?? throw new InvalidOperationException("The aggregator was not started.");

    public IReadOnlyDictionary<string, ManagedProcess> Agents => _agents;

    /// <summary>Sites of the federation.</summary>
    public IReadOnlyList<SiteSpecification> Sites => sites;

    /// <summary>Creates the consortium, starts the aggregator, enrols and starts every site.</summary>
    public async Task Start(IReadOnlyList<SiteData> data, CancellationToken cancellation)
    {
        await Tool.Run(executables.Aggregator, ["init", "--dir", folder.Aggregator, "--consortium", "simulation", "--host", "127.0.0.1"], CommandLimit, cancellation);
        var listen = await StartAggregator(cancellation);

        using var admin = Administrator();
        await Parallel.ForEachAsync(data, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation }, async (site, token) =>
        {
            var name = site.Site.Name;
            var invitation = await admin.Admin.InviteSiteAsync(new InviteSiteRequest { Site = name, Hours = 1 }, AdminClient.Options(token));
            await Tool.Run(executables.SiteAgent, ["enroll", $"https://127.0.0.1:{listen}", invitation.Token, "--dir", folder.Site(name)], CommandLimit, token);
            await Tool.Run(executables.SiteAgent, ["policy", "init", "--minimum-cohort", "1", "--force", "--dir", folder.Site(name)], CommandLimit, token);
        });
        foreach (var site in data)
        {
            var agent = ManagedProcess.Start(site.Site.Name, executables.SiteAgent, ["run", "--dir", folder.Site(site.Site.Name), "--data", site.Folder, "--device", device], Log(site.Site.Name));
            _agents.Add(site.Site.Name, agent);
            Tell(agent);
        }
    }

    /// <summary>Starts the aggregator on the wished port, or on a free one, and answers which.</summary>
    private async Task<int> StartAggregator(CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var listen = port > 0 ? port : FreePort();
            _aggregator = ManagedProcess.Start("aggregator", executables.Aggregator,
                ["serve", "--dir", folder.Aggregator, "--address", "127.0.0.1", "--port", listen.ToString(CultureInfo.InvariantCulture)], Log("aggregator"));
            try
            {
                await WaitForAggregator(cancellation);
                Tell(_aggregator);
                return listen;
            }
            catch (FederationException e) when (e.Code == ErrorCatalogue.PortInUse && port == 0 && attempt < PortAttempts)
            {
                // It was free a moment ago; another process was faster. The next one has a log of its own.
                await _aggregator.DisposeAsync();
                File.Delete(Log("aggregator"));
            }
        }
    }

    /// <summary>A connection with the first administrator's credentials.</summary>
    public AdminClient Administrator() => AdminClient.FromFolder(folder.Aggregator, null);

    /// <summary>
    /// Approves the plan at each site as soon as it was proposed there. A site whose agent was killed meanwhile is left to
    /// the quorum, as in a round; one that could not start ends the simulation with its error.
    /// </summary>
    public async Task ApproveEverywhere(string planHash, CancellationToken cancellation)
    {
        var limit = TimeSpan.FromSeconds(plan.Quorum.ApprovalDeadlineSeconds);
        await Parallel.ForEachAsync(sites, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation }, async (site, token) =>
        {
            var proposed = Path.Combine(folder.Site(site.Name), "plans", planHash + ".json");
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(token);
            deadline.CancelAfter(limit);
            while (!File.Exists(proposed))
            {
                if (Agents[site.Name].HasExited)
                {
                    var death = Died(Agents[site.Name], Log(site.Name));
                    if (death.Code != ErrorCatalogue.SimulationFailed)
                    {
                        throw death;
                    }

                    return;
                }

                if (deadline.IsCancellationRequested && !token.IsCancellationRequested)
                {
                    throw ErrorCatalogue.SimulationFailed.With($"{site.Name} did not receive the plan within {limit.TotalSeconds:F0} s; its log is {Log(site.Name)}.");
                }

                await Task.Delay(LookAgain, token);
            }

            await Tool.Run(executables.SiteAgent, ["plans", "approve", planHash, "--by", Approver, "--dir", folder.Site(site.Name)], CommandLimit, token);
        });
    }

    /// <summary>Ends every process; may be called twice.</summary>
    public async Task Stop()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        await Task.WhenAll(_agents.Values.Select(a => a.DisposeAsync().AsTask()));
        foreach (var site in sites)
        {
            await ManagedProcess.EndStranger(Path.Combine(folder.Site(site.Name), "agent.pid"), folder.Site(site.Name));
        }

        if (_aggregator is not null)
        {
            await _aggregator.DisposeAsync();
            await ManagedProcess.EndStranger(Path.Combine(folder.Aggregator, "aggregator.pid"), folder.Aggregator);
        }
    }

    public async ValueTask DisposeAsync() => await Stop();

    /// <summary>The numbered error that ended a process, from its log.</summary>
    public static FederationException Died(ManagedProcess process, string log)
    {
        var lines = File.Exists(log) ? ReadShared(log) : [];
        var line = Array.FindLast(lines, l => l.StartsWith("BMF-", StringComparison.Ordinal));
        var code = line is null ? null : ErrorCatalogue.Find(line.Split(':', 2)[0]);
        return line is null || code is null
            ? ErrorCatalogue.SimulationFailed.With($"{process.Name} (process {process.Id}) ended with code {process.ExitCode}; its log is {log}.")
            : code.With(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Replace(code.Title, "", StringComparison.Ordinal).Trim());
    }

    private static string[] ReadShared(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n');
    }

    private static void Tell(ManagedProcess process)
    {
        Console.WriteLine($"{process.Name,-12} process {process.Id}; start it again by hand with:");
        Console.WriteLine($"             {process.RestartCommand}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string Log(string name) => Path.Combine(folder.Logs, name + ".log");

    private async Task WaitForAggregator(CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(StartLimit);
        while (!File.Exists(Path.Combine(folder.Aggregator, "address")))
        {
            if (Aggregator.HasExited)
            {
                await Task.Delay(LookAgain, cancellation);
                throw Died(Aggregator, Log("aggregator"));
            }

            if (deadline.IsCancellationRequested)
            {
                cancellation.ThrowIfCancellationRequested();
                throw ErrorCatalogue.SimulationFailed.With($"The aggregator was not ready within {StartLimit.TotalSeconds:F0} s; its log is {Log("aggregator")}.");
            }

            await Task.Delay(LookAgain, cancellation);
        }
    }
}
