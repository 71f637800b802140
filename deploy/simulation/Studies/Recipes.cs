using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>The recipes that are compared. What the default plan does is "ours"; docs/studies.md has the measurements behind it.</summary>
internal static class Recipes
{
    /// <summary>The plan as the preset has it.</summary>
    public static Recipe Ours { get; } = new("ours", plan => plan);

    /// <summary>FedAvg as it is usually run: weights averaged by steps, moments anew in every round, nothing across modalities.</summary>
    public static Recipe FedAvg { get; } = new("fedavg", plan => plan with
    {
        Training = plan.Training with { OptimizerState = "reset", FillFromGlobalTemplates = false },
        Aggregation = new AggregationPlan(),
    });

    /// <summary>Cross-modal reconstruction alone: no template view and no template.</summary>
    public static Recipe CrossModal { get; } = new("cmr", plan => plan with { Training = plan.Training with { TemplateWeight = 0, TemplateLearningRate = 0, ContrastiveWeight = 0, CrossModalStart = 0 } });

    /// <summary>With modality-wise distillation into templates.</summary>
    public static Recipe Distillation { get; } = new("cmr-md", plan => plan with { Training = plan.Training with { ContrastiveWeight = 0 } });

    /// <summary>Templates stand in for modalities that a case lacks.</summary>
    public static Recipe Templates { get; } = new("templates", plan => plan);

    /// <summary>And in each of two copies for at most one other.</summary>
    public static Recipe Replacement { get; } = new("replacement", plan => plan with { Finetuning = plan.Finetuning with { ReplacedModalities = 1 } });

    /// <summary>Zeros stand in.</summary>
    public static Recipe NoTemplates { get; } = new("zeros", plan => plan with { Finetuning = plan.Finetuning with { MissingModalities = MissingFillers.Zeros } });

    /// <summary>FedAvg's learning from labels: moments anew in every round, batch normalisations averaged, zeros for missing modalities.</summary>
    public static Recipe FedAvgLearning { get; } = new("fedavg", plan =>
    {
        var changed = FedAvg.Change(NoTemplates.Change(plan));
        return changed with { Training = changed.Training with { BatchNorm = "averaged" }, Downstream = changed.Downstream with { LocalStems = false } };
    });
}
