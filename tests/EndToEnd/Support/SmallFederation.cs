using System.Globalization;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.EndToEnd.Tests.Support;

/// <summary>An aggregator process and agents, driven by the commands that people type.</summary>
internal sealed class SmallFederation : IAsyncDisposable
{
    public const string Run = "first";

    private readonly TemporaryFolder _folder;
    private readonly string _name;
    private readonly CancellationToken _cancellation;
    private readonly List<RunningProcess> _agents = [];
    private RunningProcess? _aggregator;

    private SmallFederation(TemporaryFolder folder, string name, CancellationToken cancellation)
    {
        _folder = folder;
        _name = name;
        _cancellation = cancellation;
    }

    public string Aggregator => _folder.PathOf(_name);

    /// <summary>Address that sites dial.</summary>
    public string Url => File.ReadAllText(Path.Combine(Aggregator, "address")).Trim();

    /// <summary>Creates a consortium and starts its aggregator.</summary>
    public static async Task<SmallFederation> Start(TemporaryFolder folder, CancellationToken cancellation, string name = "consortium")
    {
        var federation = new SmallFederation(folder, name, cancellation);
        (await federation.Command(Programs.Aggregator, "init", "--dir", federation.Aggregator, "--consortium", name, "--host", "127.0.0.1")).Succeeded();
        await federation.Serve();
        return federation;
    }

    /// <summary>Ends the aggregator and starts it again.</summary>
    public async Task Restart(params string[] options)
    {
        await _aggregator!.DisposeAsync();
        await Serve(options);
    }

    public string Site(string name) => _folder.PathOf(_name + "-sites", name);

    public Task<Finished> Command(string file, params string[] arguments) => RunningProcess.Run(file, arguments, _cancellation);

    /// <summary>A command of the administrator.</summary>
    public Task<Finished> Administer(params string[] arguments) => Command(Programs.Aggregator, [.. arguments, "--dir", Aggregator]);

    /// <summary>A one-time token.</summary>
    public async Task<string> Invite(string site) => (await Administer("site", "invite", site)).Succeeded().Output.Trim();

    public Task<Finished> Enroll(string site, string token) => Command(Programs.SiteAgent, "enroll", Url, token, "--dir", Site(site));

    /// <summary>Enrols a site with a policy and starts its agent.</summary>
    public async Task<RunningProcess> Join(string site, string data, int minimumCohort)
    {
        (await Enroll(site, await Invite(site))).Succeeded();
        (await Command(Programs.SiteAgent, "policy", "init", "--minimum-cohort", minimumCohort.ToString(CultureInfo.InvariantCulture), "--force", "--dir", Site(site))).Succeeded();
        return StartAgent(site, data);
    }

    /// <summary>Enrols sites over data folders of their own and starts their agents.</summary>
    public async Task<IReadOnlyList<RunningProcess>> JoinAll(IReadOnlyList<string> data, params string[] sites)
    {
        var agents = new List<RunningProcess>();
        foreach (var (site, cases) in sites.Zip(data))
        {
            agents.Add(await Join(site, cases, 1));
        }

        return agents;
    }

    /// <summary>Starts the agent of a site that was enrolled before.</summary>
    public RunningProcess StartAgent(string site, string data)
    {
        var agent = RunningProcess.Start(Programs.SiteAgent, "run", "--dir", Site(site), "--data", data, "--stop-with-stdin");
        _agents.Add(agent);
        return agent;
    }

    /// <summary>Submits a plan to sites and answers its hash.</summary>
    public Task<string> Submit(string plan, params string[] sites) => Submit(Run, plan, sites);

    /// <summary>Submits a plan as a run and answers its hash.</summary>
    public async Task<string> Submit(string run, string plan, string[] sites, params string[] more)
    {
        var model = _folder.PathOf("initial.safetensors");
        (await Command(Programs.SiteAgent, "model", "init", plan, "--out", model)).Succeeded();
        var submitted = (await Administer(["run", "submit", plan, "--run", run, "--model", model, "--sites", string.Join(',', sites), .. more])).Succeeded();
        return submitted.Output.Split(' ').First(w => w.TrimEnd(';').Length == 64).TrimEnd(';');
    }

    /// <summary>Approves a plan as soon as the agent has shown it.</summary>
    public async Task Approve(string site, string hash)
    {
        await Wait.Until(() => File.Exists(Path.Combine(Site(site), "plans", hash + ".json")), () => $"{site} never received the plan.", _cancellation);
        (await Command(Programs.SiteAgent, "plans", "approve", hash, "--by", "tester", "--dir", Site(site))).Succeeded();
    }

    /// <summary>Waits until a run's status is as wanted.</summary>
    public async Task<RunStatus> Until(string run, Func<RunStatus, bool> isThere)
    {
        RunStatus? status = null;
        await Wait.Until(async () => isThere(status = await Status(run)), () => $"{run} stands still: {status}", _cancellation);
        return status!;
    }

    /// <summary>Runs a plan at sites that approve it, to its end.</summary>
    public async Task<RunStatus> Complete(string run, string plan, params string[] sites)
    {
        var hash = await Submit(run, plan, sites);
        foreach (var site in sites)
        {
            await Approve(site, hash);
        }

        return await Until(run, s => s.Summary.State == "completed");
    }

    public async Task<RunStatus> Status(string run = Run)
    {
        using var admin = AdminClient.FromFolder(Aggregator, null);
        return await admin.Admin.GetRunStatusAsync(new GetRunStatusRequest { Run = run }, AdminClient.Options(_cancellation));
    }

    private async Task Serve(params string[] options)
    {
        _aggregator = RunningProcess.Start(Programs.Aggregator, ["serve", "--dir", Aggregator, "--address", "127.0.0.1", "--port", "0", "--stop-with-stdin", .. options]);
        await _aggregator.LineWith("is ready at", _cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _agents.Append(_aggregator).OfType<RunningProcess>())
        {
            await process.DisposeAsync();
        }
    }
}
