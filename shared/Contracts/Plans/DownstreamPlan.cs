using BrainMVP.Federated.Contracts.Finetuning;

namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>A supervised task that the federation learns with the same rounds, instead of pre-training.</summary>
public sealed record DownstreamPlan
{
    [PlanField("What the rounds learn: none pre-trains; segmentation and classification learn from the sites' labels as the sections finetuning, split and inference say. Of the section training only threads, optimizerState, proximalWeight, batchNorm and batchNormFixedFrom count then; a run has rounds.count times rounds.localSteps steps and no early stop, so that finetuning.steps, threads, validateEvery and patience do not; templates stay as they are given.", OneOf = [None, TaskKinds.Segmentation, TaskKinds.Classification])]
    public string Kind { get; init; } = None;

    [PlanField("Regions to segment as NAME=LABEL+LABEL..., labels being whole numbers 1..255 of the label maps; regions may overlap.")]
    public IReadOnlyList<string> Regions { get; init; } = ["TC=1+4", "WT=1+2+4", "ET=4"];

    [PlanField("Classes to tell apart, as the data name them; for classification.")]
    public IReadOnlyList<string> Classes { get; init; } = ["0", "1"];

    [PlanField("Each site keeps its own last layer, which turns features into regions or classes, and never sends it.")]
    public bool LocalHeads { get; init; }

    [PlanField("Each site keeps its own first stage, which sees the modalities: sites that lack one, or scan otherwise, adapt there and share what follows. The federation's model has the mean, for newcomers.")]
    public bool LocalStems { get; init; }

    [PlanField("After the last round every site's model, with the layers it keeps of its own, is measured on every site's held-out cases: models of all members travel to all members, of the cases only scores leave. A site takes part where its policy says shareOwnModel.")]
    public bool CrossSite { get; init; }

    /// <summary>Value of <see cref="Kind"/> of a pre-training.</summary>
    public const string None = "none";
}
