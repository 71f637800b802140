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

    /// <summary>Whether the evaluation of the final model is over.</summary>
    public static RunDecision DecideEvaluation(RunState state, DateTimeOffset now, Func<string, bool> isSilent)
    {
        var awaited = state.Members.Where(s => !state.Evaluations.ContainsKey(s)).ToArray();
        return new RunDecision(awaited.All(isSilent) || now >= state.Deadline || state.CloseNow ? RunStep.Complete : RunStep.Wait);
    }
}
