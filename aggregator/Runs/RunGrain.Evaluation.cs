using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>After the last commit: sites evaluate the final model and, where the plan says so, each other's.</summary>
public sealed partial class RunGrain
{
    public Task Evaluated(string site, string document, string model)
    {
        var state = Require();
        return state.Phase != RunPhase.Evaluating || model != state.Model || !state.Members.Contains(site, StringComparer.Ordinal)
            ? throw ErrorCatalogue.RoundClosed.With($"{Name} does not wait for {site}'s evaluation of {model}.")
            : store.Save(state with { Evaluations = RoundMachine.With(state.Evaluations, site, document) });
    }

    public Task Compared(string site, string document, string model)
    {
        var state = Require();
        return state.Phase != RunPhase.Comparing || model != state.Model || !state.Members.Contains(site, StringComparer.Ordinal)
            ? throw ErrorCatalogue.RoundClosed.With($"{Name} does not wait for {site}'s comparison of models of {model}.")
            : store.Save(state with { Comparisons = RoundMachine.With(state.Comparisons, site, document) });
    }

    private async Task AwaitEvaluations(RunState state)
    {
        var silent = await Silent(RunMachine.Awaited(state));
        if (RunMachine.DecideEvaluation(state, time.GetUtcNow(), silent.Contains).Step != RunStep.Complete)
        {
            return;
        }

        if (state.Phase == RunPhase.Evaluating && OwnModels.Of(state, documents).Count > 0)
        {
            await store.Save(Require() with { Phase = RunPhase.Comparing, CloseNow = false, Deadline = time.GetUtcNow().AddSeconds(Document().Plan.Quorum.TrainDeadlineSeconds) });
        }
        else
        {
            await Audit().AppendOnce("run.completed", Name, new Dictionary<string, string> { ["model"] = state.Model });
            await store.Save(Require() with { Phase = RunPhase.Completed, Reason = "" });
            LogCompleted(logger, Name, state.Model);
        }
    }
}
