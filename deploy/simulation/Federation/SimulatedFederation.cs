using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Simulation.Faults;
using BrainMVP.Federated.Simulation.Processes;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.Simulation.Federation;

/// <summary>The processes: one aggregator and an agent for each site. Ends all of them, also those restarted by hand.</summary>
public sealed class SimulatedFederation(Executables executables, SimulationFolder folder, IReadOnlyList<SiteSpecification> sites, Plan plan, CentralSide central, PrivatePostgres? postgres, string device, FaultWatch faults) : IAsyncDisposable
{
    private const string Approver = "simulation";
    private const string PostgresName = "postgres";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<string, ManagedProcess> _agents = new(StringComparer.Ordinal);
    private readonly Dictionary<int, FaultProxy> _proxies = [];
    private bool _stopped;

    public IReadOnlyDictionary<string, ManagedProcess> Agents => _agents;

    /// <summary>Every process with its name in fault orders.</summary>
    public IEnumerable<(string Who, ManagedProcess Process)> Members =>
        sites.Select((s, i) => (AgentName(i + 1), Agents[s.Name])).Concat(central.Members);

    /// <summary>The connection of a site, counted from 1, that faults were ordered for.</summary>
    public FaultProxy Proxy(int site) => _proxies[site];

    /// <summary>Sites of the federation.</summary>
    public IReadOnlyList<SiteSpecification> Sites => sites;

    /// <summary>Creates the consortium, starts the aggregator, enrols and starts every site.</summary>
    public async Task Start(IReadOnlyList<SiteData> data, CancellationToken cancellation)
    {
        await central.Start(cancellation);
        foreach (var site in faults.Orders.Where(o => o.Target == FaultTarget.Network).Select(o => o.Number).Distinct())
        {
            _proxies.Add(site, new FaultProxy(PortsFor(site)[0], (ulong)plan.Seed));
        }

        using var admin = Administrator();
        await Parallel.ForEachAsync(data.Select((d, i) => (d.Site.Name, Number: i + 1)), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation }, async (site, token) =>
        {
            var name = site.Name;
            var invitation = await admin.Admin.InviteSiteAsync(new InviteSiteRequest { Site = name, Hours = 1 }, AdminClient.Options(token));
            await Tool.Run(executables.SiteAgent, ["enroll", AddressFor(site.Number), invitation.Token, "--dir", folder.Site(name)], CommandLimit, token);
            await Tool.Run(executables.SiteAgent, ["policy", "init", "--minimum-cohort", "1", .. plan.Downstream.CrossSite ? (string[])["--share-own-model"] : [], "--force", "--dir", folder.Site(name)], CommandLimit, token);
        });
        for (var i = 0; i < data.Count; i++)
        {
            var name = data[i].Site.Name;
            var agent = ManagedProcess.Start(new Launch(name, executables.SiteAgent, ["run", "--dir", folder.Site(name), "--data", data[i].Folder, "--device", device], Log(name), faults.EnvironmentOf(AgentName(i + 1))));
            _agents.Add(name, agent);
            Tell(agent);
        }

        await WaitForAgents(admin, cancellation);
    }

    /// <summary>Kills a process by SIGKILL and waits until it is gone.</summary>
    /// <param name="who">As in a fault order: <c>aggregator</c>, <c>silo:N</c>, <c>postgres</c> or <c>agent:N</c>.</param>
    public Task Kill(string who, CancellationToken cancellation) =>
        who == PostgresName ? postgres!.Kill(cancellation) : Members.Single(m => m.Who == who).Process.KillAsync(cancellation);

    /// <summary>Asks a process to stop, as an administrator does, and waits until it has.</summary>
    /// <param name="who">As in a fault order: <c>aggregator</c>, <c>silo:N</c> or <c>agent:N</c>.</param>
    public Task Stop(string who, CancellationToken cancellation) => Members.Single(m => m.Who == who).Process.StopAsync(cancellation);

    /// <summary>Starts a killed process again, the same way and on the same port.</summary>
    /// <param name="environment">Further variables, for example a wrong clock.</param>
    /// <exception cref="FederationException">BMF-1601 when it does not come back.</exception>
    public async Task Restart(string who, IReadOnlyDictionary<string, string> environment, CancellationToken cancellation)
    {
        if (who == PostgresName)
        {
            await postgres!.Restart(cancellation);
            return;
        }

        if (central.Members.Any(m => m.Who == who))
        {
            await central.Restart(who, environment, cancellation);
            return;
        }

        var old = Members.Single(m => m.Who == who).Process;
        await old.DisposeAsync();
        var launch = old.Launch with { Environment = faults.EnvironmentOf(who).Concat(environment).ToDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal) };
        _agents[launch.Name] = ManagedProcess.Start(launch);
    }

    /// <summary>Address of the aggregator, or those of its silos.</summary>
    public string Url => central.Url;

    /// <summary>A connection with the first administrator's credentials.</summary>
    public AdminClient Administrator() => AdminClient.FromFolder(folder.Aggregator, central.Url);

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
        await Task.WhenAll(_proxies.Values.Select(p => p.DisposeAsync().AsTask()));
        await Task.WhenAll(_agents.Values.Select(a => a.DisposeAsync().AsTask()));
        foreach (var site in sites)
        {
            await ManagedProcess.EndStranger(Path.Combine(folder.Site(site.Name), "agent.pid"), folder.Site(site.Name));
        }

        await central.DisposeAsync();
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

    /// <summary>Says what was started and how it is started again.</summary>
    internal static void Tell(ManagedProcess process)
    {
        Console.WriteLine($"{process.Name,-12} process {process.Id}; start it again by hand with:");
        Console.WriteLine($"             {process.RestartCommand}");
    }

    private static string AgentName(int number) => string.Create(CultureInfo.InvariantCulture, $"agent:{number}");

    /// <summary>Sites begin with different silos, so that the work is spread; a site whose connection is to suffer has the relay only.</summary>
    private string AddressFor(int site) => string.Join(',', (_proxies.TryGetValue(site, out var proxy) ? [proxy.Port] : PortsFor(site)).Select(p => string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{p}")));

    private IReadOnlyList<int> PortsFor(int site)
    {
        var ports = central.Ports;
        var first = (site - 1) % ports.Count;
        return [.. ports.Skip(first), .. ports.Take(first)];
    }

    private string Log(string name) => folder.Log(name);

    /// <summary>
    /// Waits until every agent has asked for work, so that a slow machine's agents do not count as silent before they
    /// have begun. An agent that does not come is left to the quorum.
    /// </summary>
    private async Task WaitForAgents(AdminClient admin, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(StartLimit);
        while (!deadline.IsCancellationRequested && !_agents.Values.Any(a => a.HasExited))
        {
            var answer = await admin.Admin.ListSitesAsync(new ListSitesRequest(), AdminClient.Options(cancellation));
            if (answer.Sites.All(s => s.SilentSeconds >= 0))
            {
                return;
            }

            await Task.Delay(LookAgain, deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellation.ThrowIfCancellationRequested();
    }
}
