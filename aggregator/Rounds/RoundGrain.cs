using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Audit;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Aggregator.Sites;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <inheritdoc cref="IRoundGrain"/>
/// <remarks>
/// <see cref="RoundMachine"/> decides; the grain persists and schedules. A timer asks what to do; a reminder brings the
/// grain back after a crash. The grain calls sites, shards and the audit log, never the run: the run asks the round.
/// </remarks>
public sealed partial class RoundGrain(
    [PersistentState("round")] IPersistentState<Stored<StoredRound>> store,
    DocumentStore documents,
    DocumentSigner signer,
    RoundRoster rosters,
    RoundSelection selection,
    RoundBuilder builder,
    RoundScratch scratch,
    AggregationWorkers workers,
    DiskRoom room,
    DueBell bell,
    TimeProvider time,
    ILogger<RoundGrain> logger) : Grain, IRoundGrain, IRemindable
{
    private const string Watchdog = "watchdog";
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(200);

    /// <summary>Between two looks at the workers that sum and build: they are done in less than a turn often.</summary>
    private static readonly TimeSpan WorkTurn = TimeSpan.FromMilliseconds(20);

    private IGrainTimer? _timer;
    private RunDocument? _run;
    private Task<IReadOnlyDictionary<string, IReadOnlyList<string>>>? _selection;
    private Task<BuiltRound>? _build;

    private RoundState? State => store.State.Settled?.State;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Arm();
        return Task.CompletedTask;
    }

    public async Task Open(RoundOpening opening)
    {
        if (State is { } open && open.Attempt >= opening.Attempt)
        {
            return;
        }

        if (State is { IsFinal: true } earlier && _timer is not null)
        {
            await Finish(earlier);
        }

        // What an attempt that was rolled back still computes is of no use to this one.
        (_selection, _build) = (null, null);
        await this.RegisterOrUpdateReminder(Watchdog, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        FaultPoints.Aggregator(opening.Round, "open", before: true);
        await Save(new RoundState
        {
            Phase = RoundPhase.Training,
            Run = opening.Run,
            Round = opening.Round,
            Attempt = opening.Attempt,
            Open = opening.Document,
            Invited = opening.Invited,
            Deadline = opening.Deadline,
            Shared = opening.Shared,
            Times = new Dictionary<string, DateTimeOffset> { ["opened"] = opening.OpenedAt },
        }, opening.RunDocument);
        FaultPoints.Aggregator(opening.Round, "open");
        Arm();
    }

    public Task<RoundState?> Get() => Task.FromResult(State);

    public async Task Report(string site, string document)
    {
        var report = documents.Read<UpdateReport>(document);
        FaultPoints.Aggregator(Require().Round, "report", before: true);
        await Save(RoundMachine.Report(Require(), site, new ReportEntry(document, report.Steps, report.Cases, report.Losses.GetValueOrDefault("total"), time.GetUtcNow(), [.. report.TargetDraws.Where(d => d.Value > 0).Select(d => d.Key).Order(StringComparer.Ordinal)])));
        FaultPoints.Aggregator(Require().Round, "report");
        StepIfDue();
    }

    public async Task Decline(string site, string reason)
    {
        await Save(RoundMachine.Drop(Require(), site, reason));
        LogDropout(logger, site, Require().Round, Require().Run, reason);
        StepIfDue();
    }

    public Task BeginUpload(string site, string manifest) =>
        Save(RoundMachine.BeginUpload(Require(), site, new UploadEntry(manifest, documents.Read<UpdateManifest>(manifest).Bytes, Complete: false, time.GetUtcNow())));

    public async Task CompleteUpload(string site, string manifest)
    {
        await Save(RoundMachine.CompleteUpload(Require(), site, manifest, time.GetUtcNow()));
        StepIfDue();
    }

    public Task AwaitRoom(long bytes, string reason) => Save(RoundMachine.AwaitRoom(Require(), bytes, reason, time.GetUtcNow()));

    public Task Control(RoundControl control, int seconds, string reason)
    {
        var state = RoundMachine.EndAwaitingRoom(Require(), time.GetUtcNow());
        return state.IsFinal ? Task.CompletedTask : Save(control switch
        {
            RoundControl.ExtendDeadline => state with { Deadline = Later(state.Deadline, time.GetUtcNow()).AddSeconds(seconds), PauseReason = "" },
            RoundControl.Resume => state with { PauseReason = "" },
            RoundControl.CloseNow => state with { CloseNow = true, PauseReason = "" },
            _ => state with { Phase = RoundPhase.Abandoned, PauseReason = reason },
        });
    }

    public async Task Settle()
    {
        if (State is { Phase: RoundPhase.Committed } committed)
        {
            await Record(committed);

            // The rest follows at the next turn, also when the process that committed did not live to see it.
            StartTimer();
        }
        else if (State is { IsFinal: true } state)
        {
            await Finish(state);
        }
    }

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        Arm();

        // The reminder is there for as long as work is left: a process that died after the final state has not finished.
        return State is { IsFinal: true } state ? Finish(state) : Task.CompletedTask;
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private RoundState Require() => State ?? throw ErrorCatalogue.RoundClosed.With($"Round {this.GetPrimaryKeyString()} is not open.");

    private RunDocument Run() => _run ??= documents.Read<RunDocument>(store.State.Settled!.RunDocument);

    private async Task Save(RoundState next, string? runDocument = null)
    {
        var before = State;
        if (ReferenceEquals(next, before))
        {
            return;
        }

        await store.Save(new StoredRound(next, runDocument ?? store.State.Settled!.RunDocument));
        if (next.Phase != before?.Phase)
        {
            bell.Ring();
        }
    }

    /// <summary>Takes the next turn at once when everyone it waited for is there; who is silent is asked in ordinary turns only.</summary>
    private void StepIfDue()
    {
        if (State is { IsFinal: false, RoomAwaitedSince: null } state && RoundMachine.Decide(state, Run().Plan.Quorum, time.GetUtcNow(), _ => false).Step is RoundStep.CloseReports or RoundStep.CloseUploads)
        {
            _timer?.Change(TimeSpan.Zero, Turn);
        }
    }

    private void Arm()
    {
        if (State is { IsFinal: false })
        {
            StartTimer();
        }
    }

    private void StartTimer() => _timer ??= this.RegisterGrainTimer(Advance, new GrainTimerCreationOptions(Turn, Turn) { KeepAlive = true });

    private async Task Advance(CancellationToken cancellation)
    {
        try
        {
            // What a step leads to at once need not wait for the next turn.
            RoundPhase before;
            do
            {
                before = Require().Phase;
                await Step();
            }
            while (Require().Phase != before && !Require().IsFinal);
            if (Require() is { Phase: RoundPhase.Summing, PauseReason: "", RoomAwaitedSince: null })
            {
                _timer?.Change(WorkTurn, Turn);
            }
        }
        catch (FederationException e)
        {
            LogStepFailed(logger, e, Require().Round, Require().Run);

            // A state store that is away is asked again at the next turn, a full disk until it has room; everything else
            // waits for a person.
            if (e.Code == ErrorCatalogue.DiskFull)
            {
                await AwaitRoom(Needed(Require()).Bytes, Reason(e));
            }
            else if (e.Code != ErrorCatalogue.StorageUnavailable)
            {
                await PauseIfPossible(Reason(e));
            }
        }
    }

    private async Task Step()
    {
        var state = Require();
        if (state.IsFinal)
        {
            await Finish(state);
            return;
        }

        if (await MustAwaitRoom(state))
        {
            return;
        }

        var silent = await Silent(state);
        var decision = RoundMachine.Decide(state, Run().Plan.Quorum, time.GetUtcNow(), silent.Contains);
        switch (decision.Step)
        {
            case RoundStep.CloseReports:
                var deadline = time.GetUtcNow().AddSeconds(Run().Plan.Quorum.UploadDeadlineSeconds);
                var (roster, participants) = rosters.Publish(state, Run(), deadline);
                FaultPoints.Aggregator(state.Round, "roster", before: true);
                await Save(RoundMachine.PublishRoster(state, roster, participants, time.GetUtcNow(), deadline));
                FaultPoints.Aggregator(state.Round, "roster");
                LogRoster(logger, state.Round, state.Run, participants.Count);
                break;
            case RoundStep.CloseUploads:
                FaultPoints.Aggregator(state.Round, "sum", before: true);
                await Save(RoundMachine.StartSumming(state, scratch.Shards, time.GetUtcNow()));
                break;
            case RoundStep.Sum:
                await Sum(state);
                break;
            case RoundStep.Pause:
                LogPaused(logger, state.Round, state.Run, decision.Reason);
                await Save(state with { PauseReason = decision.Reason });
                break;
            case RoundStep.Resume:
                await Save(state with { PauseReason = "" });
                break;
            default:
                break;
        }
    }

    /// <summary>Looks at the disk before anything is written to it.</summary>
    private async Task<bool> MustAwaitRoom(RoundState state)
    {
        if (state.RoomAwaitedSince is not null)
        {
            if (room.Has(state.RoomNeeded))
            {
                await Save(RoundMachine.EndAwaitingRoom(state, time.GetUtcNow()));
            }

            return true;
        }

        var (bytes, what) = Needed(state);
        if (room.Has(bytes))
        {
            return false;
        }

        var reason = Reason(ErrorCatalogue.DiskFull.With(room.Shortage(bytes, what)));
        LogPaused(logger, state.Round, state.Run, reason);
        await AwaitRoom(bytes, reason);
        return true;
    }

    /// <summary>What the next step writes. To sum, that is the sums, the next model and the moments of a server optimiser, each as large as an update at most.</summary>
    private (long Bytes, string What) Needed(RoundState state)
    {
        if (state.Phase != RoundPhase.Summing)
        {
            return (0, "The round");
        }

        var plan = Run().Plan;
        var files = (plan.Aggregation.ServerOptimizer == ServerOptimizers.Average ? 2 : 4)
            + (plan.Aggregation.Broadcast == BroadcastFormats.Full ? 0 : 2)
            + (plan.Training.ControlVariates ? 1 : 0);
        return (files * state.Arrived.Select(s => state.Uploads[s].Bytes).DefaultIfEmpty().Max(), "Summing");
    }

    private static string Reason(FederationException error) => $"{error.Code.Id}: {error.Message} {error.Code.Remedy}";

    /// <summary>Sites not heard from; asked only for those that the decision can depend on.</summary>
    private async Task<HashSet<string>> Silent(RoundState state)
    {
        var expected = state.Phase switch
        {
            RoundPhase.Training => state.Invited.Where(s => !state.Reports.ContainsKey(s)),
            RoundPhase.Uploading => state.Participants.Where(s => !(state.Uploads.TryGetValue(s, out var upload) && upload.Complete)),
            _ => [],
        };
        var silent = new HashSet<string>(StringComparer.Ordinal);
        foreach (var site in expected.Where(s => !state.Dropouts.ContainsKey(s)))
        {
            if ((await GrainFactory.GetGrain<ISiteGrain>(site).Get()).SilentSeconds > Run().Plan.Quorum.SilentAfterSeconds)
            {
                silent.Add(site);
            }
        }

        return silent;
    }

    private async Task PauseIfPossible(string reason)
    {
        if (State is { IsFinal: false, PauseReason: "" } state)
        {
            await Save(state with { PauseReason = reason });
        }
    }

    private IAuditGrain Audit() => GrainFactory.GetGrain<IAuditGrain>(IAuditGrain.Key);

    [LoggerMessage(1, LogLevel.Information, "Round {Round} of {Run}: roster of {Participants} sites published.")]
    private static partial void LogRoster(ILogger logger, int round, string run, int participants);

    [LoggerMessage(2, LogLevel.Information, "Round {Round} of {Run}: committed model {Model}.")]
    private static partial void LogCommitted(ILogger logger, int round, string run, string model);

    [LoggerMessage(3, LogLevel.Warning, "Round {Round} of {Run}: paused. {Reason}")]
    private static partial void LogPaused(ILogger logger, int round, string run, string reason);

    [LoggerMessage(4, LogLevel.Warning, "{Site} leaves round {Round} of {Run}: {Reason}")]
    private static partial void LogDropout(ILogger logger, string site, int round, string run, string reason);

    [LoggerMessage(5, LogLevel.Error, "Round {Round} of {Run}: a step failed.")]
    private static partial void LogStepFailed(ILogger logger, Exception exception, int round, string run);
}

/// <summary>What the round's storage holds.</summary>
public sealed record StoredRound(RoundState State, string RunDocument);
