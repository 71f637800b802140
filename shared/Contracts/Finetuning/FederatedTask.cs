using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Contracts.Finetuning;

/// <summary>The supervised task of a plan.</summary>
public static class FederatedTask
{
    /// <summary>Whether a plan's rounds learn from labels.</summary>
    public static bool IsSupervised(this Plan plan) => plan.Downstream.Kind != DownstreamPlan.None;

    /// <summary>What a site learns in the run. Its draws are its own: the seed is made of the run's and the site's name.</summary>
    /// <param name="plan">A supervised plan.</param>
    /// <param name="site">Name of the site; empty for the task of the whole federation.</param>
    public static FinetuneTask ToTask(this Plan plan, string site = "") => new()
    {
        Name = plan.Name,
        Kind = plan.Downstream.Kind,
        Seed = site.Length == 0 ? plan.Seed : new CounterRandom((ulong)plan.Seed, "site", site).NextInt32(int.MaxValue),
        Modalities = plan.Modalities,
        Regions = plan.Downstream.Regions,
        Classes = plan.Downstream.Classes,
        Network = plan.Network,
        Imaging = plan.Imaging,
        Training = plan.Finetuning with
        {
            Steps = (int)Math.Min(int.MaxValue, (long)plan.Rounds.Count * plan.Rounds.LocalSteps),
            Threads = plan.Training.Threads,
        },
        Split = plan.Split,
        Inference = plan.Inference,
    };

    /// <summary>Names of a task's regions or classes, in their order.</summary>
    public static IReadOnlyList<string> Outputs(this FinetuneTask task) =>
        task.Kind == TaskKinds.Segmentation ? [.. LabelRegion.Of(task).Select(r => r.Name)] : task.Classes;

    /// <summary>
    /// A plan that learns a task from a pre-trained encoder. Sites keep their batch normalisations (FedBN) and their first
    /// stage: those that lack modalities would otherwise pull the averages to where they fit nobody.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="basis">Rounds, quorum, aggregation and privacy.</param>
    public static Plan ToPlan(FinetuneTask task, Plan basis) => basis with
    {
        Name = task.Name,
        Seed = task.Seed,
        Modalities = task.Modalities,
        Network = task.Network,
        Imaging = task.Imaging,
        Downstream = new DownstreamPlan { Kind = task.Kind, Regions = task.Regions, Classes = task.Classes, LocalStems = true },
        Training = task.Network.Backbone == Backbones.UniFormer
            ? basis.Training with { Threads = task.Training.Threads, BatchNorm = "local" }
            : basis.Training with { Threads = task.Training.Threads },
        Finetuning = task.Training,
        Split = task.Split,
        Inference = task.Inference,
    };
}
