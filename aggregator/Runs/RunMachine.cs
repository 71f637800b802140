using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>What a run should do now.</summary>
public enum RunStep
{
    Wait,
    Start,
    Pause,
    Complete,
}

/// <summary>A step with its reason.</summary>
public readonly record struct RunDecision(RunStep Step, string Reason = "");

/// <summary>The waits of a run as pure functions of its state and an instant. Rounds decide for themselves.</summary>
public static class RunMachine
{
    /// <summary>
    /// Whether approvals suffice to begin. A silent site holds nobody up: it may still approve and join with the next
    /// round. A site that answers but has not decided is waited for until the deadline.
    /// </summary>
    public static RunDecision DecideApprovals(RunState state, QuorumPlan quorum, DateTimeOffset now, Func<string, bool>? isSilent = null)
    {
        var pending = state.Sites.Where(s => !state.Approvals.ContainsKey(s) && !state.Refusals.ContainsKey(s) && !state.Dropped.ContainsKey(s)).ToArray();
        if (pending.Any(s => isSilent?.Invoke(s) != true) && now < state.Deadline && !state.CloseNow)
        {
            return new RunDecision(RunStep.Wait);
        }

        // Paused by a person or after a failure, not for want of approvals: only a person ends that.
        if (state.Paused && !state.CloseNow && !state.Reason.StartsWith(ErrorCatalogue.UnderQuorum.Id, StringComparison.Ordinal))
        {
            return new RunDecision(RunStep.Wait);
        }

        var members = state.Members;
        var absent = quorum.Required.Where(r => !members.Contains(r, StringComparer.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        if ((members.Count >= quorum.MinimumSites && absent.Length == 0) || (state.CloseNow && members.Count > 0))
        {
            return new RunDecision(RunStep.Start);
        }

        if (state.Paused)
        {
            return new RunDecision(RunStep.Wait);
        }

        var refused = string.Join("; ", state.Refusals.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key} refused: {r.Value}"));
        return new RunDecision(RunStep.Pause,
            $"{ErrorCatalogue.UnderQuorum.Id}: {members.Count} of at least {quorum.MinimumSites} sites approved the plan"
            + (absent.Length > 0 ? $", required and missing: {string.Join(", ", absent)}" : "")
            + (pending.Length > 0 ? $", no answer from {string.Join(", ", pending)}" : "")
            + (refused.Length > 0 ? $". {refused}" : "."));
    }

    /// <summary>Shows a draft to its sites.</summary>
    /// <exception cref="FederationException">BMF-1309 when it was started already.</exception>
    public static RunState Start(RunState state, DateTimeOffset deadline) => state.Phase == RunPhase.Draft
        ? state with { Phase = RunPhase.AwaitingApprovals, Deadline = deadline }
        : throw ErrorCatalogue.RunStateConflict.With($"The run is no draft; it is {state.Phase}.");

    /// <summary>
    /// Goes on from an earlier round. Rounds after it are opened anew with a higher attempt; randomness does not depend on
    /// the attempt, so sites that still have their state of that round train the same again.
    /// </summary>
    /// <param name="state">The run.</param>
    /// <param name="run">Its document.</param>
    /// <param name="round">Committed round, 0 for the beginning.</param>
    /// <exception cref="FederationException">BMF-1309 when the round is not committed or too long ago.</exception>
    public static RunState RollBack(RunState state, RunDocument run, int round)
    {
        if (state.Phase is not (RunPhase.Running or RunPhase.Evaluating or RunPhase.Comparing))
        {
            throw ErrorCatalogue.RunStateConflict.With($"The run is {state.Phase}; only a run in progress is rolled back. To go on from a round of a finished one, clone it: aggregator run clone {run.Run}@{round}.");
        }

        if (round < 0 || round > state.Commits.Count)
        {
            throw ErrorCatalogue.RunStateConflict.With($"Round {round} is not committed; the run has {state.Commits.Count} committed rounds.");
        }

        if (state.Commits.Count - round > run.Plan.Rounds.Rollback)
        {
            throw ErrorCatalogue.RunStateConflict.With($"Round {round} is {state.Commits.Count - round} commits ago; the plan lets sites forget what they had after {run.Plan.Rounds.Rollback} (rounds.rollback). To go on from it all the same, clone it: aggregator run clone {run.Run}@{round}.");
        }

        var target = round > 0 ? state.Commits[round - 1] : null;
        return state with
        {
            Phase = RunPhase.Running,
            Commits = [.. state.Commits.Take(round)],
            RolledBack = [.. state.RolledBack, .. state.Commits.Skip(round)],
            Round = round,
            Attempt = state.Attempt + 1,
            Model = target?.Model ?? run.InitialModel,
            Templates = target?.Templates ?? run.FirstTemplates(),
            Control = target?.Control,
            Evaluations = new Dictionary<string, string>(),
            Comparisons = new Dictionary<string, string>(),
            CloseNow = false,
        };
    }

    /// <summary>
    /// Whether the open round was abandoned and the run does not know: the process died between the two. Only a person can say
    /// whether the roll-back or the abort is still wanted.
    /// </summary>
    public static bool IsLeftBehind(RunState state, RoundState? round) =>
        state.Phase == RunPhase.Running && state.Commits.Count < state.Round && state.Own(round) is { Phase: RoundPhase.Abandoned };

    /// <summary>Pauses a run that was left behind.</summary>
    public static RunState PauseLeftBehind(RunState state) => state with
    {
        Paused = true,
        Reason = $"{ErrorCatalogue.RunStateConflict.Id}: round {state.Round} was abandoned, and the aggregator stopped before the run was rolled back or aborted. Repeat that command, or resume to open the round again.",
    };

    /// <summary>Goes on after a pause; a round that was left behind is opened again with the next attempt.</summary>
    public static RunState Resume(RunState state, RoundState? round) => state with
    {
        Paused = false,
        Reason = "",
        Attempt = IsLeftBehind(state, round) ? state.Attempt + 1 : state.Attempt,
    };

    /// <summary>Members whose answer is waited for after the last commit: their evaluation of the final model, or their comparison of the models.</summary>
    public static IReadOnlyList<string> Awaited(RunState state) => state.Phase == RunPhase.Comparing
        ? [.. state.Members.Where(s => state.Evaluations.ContainsKey(s) && !state.Comparisons.ContainsKey(s))]
        : [.. state.Members.Where(s => !state.Evaluations.ContainsKey(s))];

    /// <summary>Whether the wait after the last commit is over.</summary>
    public static RunDecision DecideEvaluation(RunState state, DateTimeOffset now, Func<string, bool> isSilent)
    {
        var awaited = Awaited(state);
        return new RunDecision(awaited.All(isSilent) || now >= state.Deadline || state.CloseNow ? RunStep.Complete : RunStep.Wait);
    }
}
