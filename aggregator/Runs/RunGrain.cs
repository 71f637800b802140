using System.Globalization;
using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Audit;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Aggregator.Sites;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <inheritdoc cref="IRunGrain"/>
public sealed partial class RunGrain(
    [PersistentState("run")] IPersistentState<Stored<RunState>> store,
    DocumentStore documents,
    RoundOpener opener,
    TimeProvider time,
    ILogger<RunGrain> logger) : Grain, IRunGrain, IRemindable
{
    private const string Watchdog = "watchdog";
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(200);

    private IGrainTimer? _timer;
    private RunDocument? _document;
    private bool _hasSettled;

    private string Name => this.GetPrimaryKeyString();

    private RunState? State => store.State.Settled;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Arm();
        return Task.CompletedTask;
    }

    public async Task Create(string document, bool draft)
    {
        if (State is not null)
        {
            return;
        }

        var run = documents.Read<RunDocument>(document);
        await this.RegisterOrUpdateReminder(Watchdog, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        await Audit().AppendOnce("run.submitted", Name, new Dictionary<string, string> { ["document"] = document, ["plan"] = run.PlanHash });
        await store.Save(new RunState
        {
            Phase = draft ? RunPhase.Draft : RunPhase.AwaitingApprovals,
            Document = document,
            Sites = run.Sites,
            Model = run.InitialModel,
            Templates = run.FirstTemplates(),
            Deadline = time.GetUtcNow().AddSeconds(run.Plan.Quorum.ApprovalDeadlineSeconds),
        });
        Arm();
    }

    public Task Touch()
    {
        Arm();
        return Task.CompletedTask;
    }

    public Task Look()
    {
        _timer?.Change(TimeSpan.Zero, Turn);
        return Task.CompletedTask;
    }

    public Task<RunState?> Get() => Task.FromResult(State);

    public async Task<IReadOnlyList<DueWork>> AssignmentsFor(string site) => State is { } state
        ? RunAssignments.For(site, Name, state, state is { Phase: RunPhase.Running, Round: > 0 } ? state.Own(await Round(state.Round).Get()) : null, Document().Plan.Quorum.Carries())
        : [];

    public async Task Approve(string site, string document, string by)
    {
        var state = Require();
        if (!state.Sites.Contains(site, StringComparer.Ordinal))
        {
            throw ErrorCatalogue.RunNotFound.With($"{site} is not invited to {Name}.");
        }

        if (state.Approvals.ContainsKey(site))
        {
            return;
        }

        var profile = (await Site(site).Get()).State?.Profile;
        if (profile is null || !Document().Plan.Modalities.Any(m => profile.CasesByModality.GetValueOrDefault(m) > 0))
        {
            throw ErrorCatalogue.NoModality.With($"{site} has published no usable case of {string.Join(", ", Document().Plan.Modalities)}.");
        }

        await Audit().AppendOnce("plan.approved", $"{Name}/{site}", new Dictionary<string, string> { ["approval"] = document, ["by"] = by });
        state = Require();
        await store.Save(state with
        {
            Approvals = RoundMachine.With(state.Approvals, site, new ApprovalEntry(document, by)),
            Refusals = Without(state.Refusals, site),
        });
    }

    public async Task Refuse(string site, string reason)
    {
        var state = Require();
        if (!state.Approvals.ContainsKey(site) && state.Sites.Contains(site, StringComparer.Ordinal))
        {
            await store.Save(state with { Refusals = RoundMachine.With(state.Refusals, site, reason) });
            LogRefused(logger, site, Name, reason);
        }
    }

    public async Task Control(RunOrder order)
    {
        var state = Require();
        var (control, site, seconds, reason) = (order.Control, order.Site, order.Seconds, order.Reason);
        if (state.IsFinal && control != RunControl.RollBack)
        {
            throw ErrorCatalogue.RunStateConflict.With($"{Name} is {state.Phase}.");
        }

        if (state.Phase == RunPhase.Draft && control is not (RunControl.Start or RunControl.Abort))
        {
            throw ErrorCatalogue.RunStateConflict.With($"{Name} is a draft: it can be started or aborted.");
        }

        var next = control switch
        {
            RunControl.Start => RunMachine.Start(state, time.GetUtcNow().AddSeconds(Document().Plan.Quorum.ApprovalDeadlineSeconds)),
            RunControl.RollBack => RunMachine.RollBack(state, Document(), order.Round),
            _ => state,
        };
        await Audit().AppendOnce($"run.{control}", $"{Name}/{Instants.Text(time.GetUtcNow())}", new Dictionary<string, string>
        {
            ["site"] = site,
            ["reason"] = reason,
            ["round"] = control == RunControl.RollBack ? order.Round.ToString(CultureInfo.InvariantCulture) : "",
        });
        var round = state is { Phase: RunPhase.Running, Round: > 0 } ? Round(state.Round) : null;
        switch (control)
        {
            case RunControl.Pause:
                await store.Save(state with { Paused = true, Reason = $"Paused by an administrator: {reason}" });
                break;
            case RunControl.Resume:
                await store.Save(RunMachine.Resume(state, round is null ? null : await round.Get()));
                await (round?.Control(RoundControl.Resume, 0, reason) ?? Task.CompletedTask);
                break;
            case RunControl.ExtendDeadline:
                var from = state.Deadline > time.GetUtcNow() ? state.Deadline : time.GetUtcNow();
                await store.Save(round is null ? state with { Deadline = from.AddSeconds(seconds), Paused = false, Reason = "" } : state);
                await (round?.Control(RoundControl.ExtendDeadline, seconds, reason) ?? Task.CompletedTask);
                break;
            case RunControl.CloseNow:
                await store.Save(round is null ? state with { CloseNow = true, Paused = false, Reason = "" } : state);
                await (round?.Control(RoundControl.CloseNow, 0, reason) ?? Task.CompletedTask);
                break;
            case RunControl.DropSite:
                RequireSite(state, site);
                await store.Save(state with { Dropped = RoundMachine.With(state.Dropped, site, reason) });
                await (round?.Decline(site, $"dropped by an administrator: {reason}") ?? Task.CompletedTask);
                break;
            case RunControl.ReadmitSite:
                RequireSite(state, site);
                await store.Save(state with { Dropped = Without(state.Dropped, site) });
                break;
            case RunControl.Start:
                await store.Save(next);
                break;
            case RunControl.RollBack:
                // The round in progress is left first: it must not commit any more once the run has moved on.
                if (round is not null)
                {
                    await round.Control(RoundControl.Abandon, 0, $"rolled back to round {order.Round}: {reason}");
                    await round.Settle();
                }

                await store.Save(next with { Paused = false, Reason = "" });
                LogRolledBack(logger, Name, order.Round, reason);
                break;
            default:
                await (round?.Control(RoundControl.Abandon, 0, reason) ?? Task.CompletedTask);
                await store.Save(state with { Phase = RunPhase.Aborted, Reason = $"Aborted by an administrator: {reason}" });
                break;
        }
    }

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        Arm();

        // A process that died after the last state has left the reminder behind.
        return State is { IsFinal: true } ? Finish() : Task.CompletedTask;
    }

    private static Dictionary<string, T> Without<T>(IReadOnlyDictionary<string, T> entries, string key) =>
        entries.Where(e => e.Key != key).ToDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal);

    private static void RequireSite(RunState state, string site)
    {
        if (!state.Sites.Contains(site, StringComparer.Ordinal))
        {
            throw ErrorCatalogue.SiteNotFound.With($"Site {site} is not in this run.");
        }
    }

    private RunState Require() => State ?? throw ErrorCatalogue.RunNotFound.With($"Run {Name}.");

    private RunDocument Document() => _document ??= documents.Read<RunDocument>(Require().Document);

    private IRoundGrain Round(int round) => GrainFactory.GetGrain<IRoundGrain>($"{Name}/{round}");

    private ISiteGrain Site(string site) => GrainFactory.GetGrain<ISiteGrain>(site);

    private IAuditGrain Audit() => GrainFactory.GetGrain<IAuditGrain>(IAuditGrain.Key);

    private void Arm()
    {
        if (State is { IsFinal: false } && _timer is null)
        {
            _timer = this.RegisterGrainTimer(Advance, new GrainTimerCreationOptions(Turn, Turn) { KeepAlive = true });
        }
    }

    private async Task Advance(CancellationToken cancellation)
    {
        try
        {
            await Step();
        }
        catch (FederationException e)
        {
            LogStepFailed(logger, e, Name);

            // A state store that is away and a disk that is full are asked again at the next turn; everything else waits for a
            // person.
            if (e.Code != ErrorCatalogue.StorageUnavailable && e.Code != ErrorCatalogue.DiskFull && State is { IsFinal: false, Paused: false } state)
            {
                await store.Save(state with { Paused = true, Reason = $"{e.Code.Id}: {e.Message} {e.Code.Remedy}" });
            }
        }
    }

    private async Task Step()
    {
        var state = Require();
        if (!_hasSettled && state.Commits is [.., var last])
        {
            // A process that died may have left the end of the last committed round undone.
            await Round(last.Round).Settle();
            _hasSettled = true;
        }

        switch (state.Phase)
        {
            case RunPhase.AwaitingApprovals:
                await AwaitApprovals(state);
                break;
            case RunPhase.Running:
                await FollowRound(state);
                break;
            case RunPhase.Evaluating:
            case RunPhase.Comparing:
                await AwaitEvaluations(state);
                break;
            case RunPhase.Draft:
                break;
            default:
                await Finish();
                break;
        }
    }

    private async Task AwaitApprovals(RunState state)
    {
        var silent = await Silent(state.Sites.Where(s => !state.Approvals.ContainsKey(s)));
        var decision = RunMachine.DecideApprovals(state, Document().Plan.Quorum, time.GetUtcNow(), silent.Contains);
        if (decision.Step == RunStep.Start)
        {
            await store.Save(state with { Phase = RunPhase.Running, CloseNow = false, Paused = false, Reason = "" });
            LogStarted(logger, Name, state.Members.Count);
        }
        else if (decision.Step == RunStep.Pause)
        {
            await store.Save(state with { Paused = true, Reason = decision.Reason });
        }
    }

    private async Task FollowRound(RunState state)
    {
        var round = state.Round > 0 ? state.Own(await Round(state.Round).Get()) : null;
        if (round is { Phase: RoundPhase.Committed } && state.Commits.Count < state.Round)
        {
            // Its audit record comes before anything of the next round, also when a process died in between.
            await Round(state.Round).Settle();
            state = state with
            {
                Model = round.Model,
                Templates = round.Templates,
                Control = round.Control,
                Commits = [.. state.Commits, new CommitEntry(round.Round, round.Attempt, round.Commit, round.Model, round.Templates, round.Control)],
            };
            await store.Save(state);
        }

        if (state.Round > 0 && state.Commits.Count < state.Round)
        {
            if (round is null)
            {
                await Open(state);
            }
            else if (!state.Paused && RunMachine.IsLeftBehind(state, round))
            {
                await store.Save(RunMachine.PauseLeftBehind(state));
            }

            return;
        }

        if (state.Round >= Document().Plan.Rounds.Count)
        {
            await store.Save(state with { Phase = RunPhase.Evaluating, Deadline = time.GetUtcNow().AddSeconds(Document().Plan.Quorum.TrainDeadlineSeconds) });
        }
        else if (!state.Paused)
        {
            state = state with { Round = state.Round + 1, Attempt = Math.Max(1, state.Attempt) };
            await store.Save(state);
            await Open(state);
        }
    }

    private async Task Open(RunState state)
    {
        var members = new Dictionary<string, SiteProfile>(StringComparer.Ordinal);
        foreach (var site in state.Members)
        {
            if ((await Site(site).Get()).State is { Status: "enrolled", Profile: { } profile })
            {
                members.Add(site, profile);
            }
        }

        await Round(state.Round).Open(opener.Open(Name, state, Document(), members));
        LogOpened(logger, state.Round, Name, members.Count);
    }

    /// <summary>Those of the sites that were not heard from for longer than the plan allows.</summary>
    private async Task<HashSet<string>> Silent(IEnumerable<string> sites)
    {
        var silent = new HashSet<string>(StringComparer.Ordinal);
        foreach (var site in sites)
        {
            if ((await Site(site).Get()).SilentSeconds > Document().Plan.Quorum.SilentAfterSeconds)
            {
                silent.Add(site);
            }
        }

        return silent;
    }

    private async Task Finish()
    {
        if (await this.GetReminder(Watchdog) is { } reminder)
        {
            await this.UnregisterReminder(reminder);
        }

        _timer?.Dispose();
        _timer = null;
    }
}
