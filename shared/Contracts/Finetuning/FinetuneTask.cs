using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Contracts.Finetuning;

/// <summary>
/// A downstream task: what is segmented or classified, and how the network learns it from labels. Authored as YAML; the
/// SHA-256 of its canonical JSON is its identity.
/// </summary>
public sealed record FinetuneTask
{
    [PlanField("Name shown to people; letters, digits, hyphens.")]
    public string Name { get; init; } = "task";

    [PlanField("What is learned: voxels of regions, or one class for each case.", OneOf = [TaskKinds.Segmentation, TaskKinds.Classification])]
    public string Kind { get; init; } = TaskKinds.Segmentation;

    [PlanField("Seed of every random draw.", Minimum = 0, Maximum = 9007199254740991)]
    public long Seed { get; init; } = 1;

    [PlanField("Input channels in their order, canonical names. A case that lacks one gets the template of it.", OneOf = ["flair", "t1", "t1c", "t2", "mra", "pd", "dwi", "adc"])]
    public IReadOnlyList<string> Modalities { get; init; } = ["t1", "t1c", "t2", "flair"];

    [PlanField("Regions to segment as NAME=LABEL+LABEL..., labels being whole numbers 1..255 of the label maps; regions may overlap. BraTS until 2021: [TC=1+4, WT=1+2+4, ET=4]; since 2023 the enhancing tumour is 3.")]
    public IReadOnlyList<string> Regions { get; init; } = ["TC=1+4", "WT=1+2+4", "ET=4"];

    [PlanField("Classes to tell apart, as the data name them; for classification.")]
    public IReadOnlyList<string> Classes { get; init; } = ["0", "1"];

    public NetworkPlan Network { get; init; } = new();

    public ImagingPlan Imaging { get; init; } = new();

    public FinetuneTraining Training { get; init; } = new();

    public SplitPlan Split { get; init; } = new();

    public InferencePlan Inference { get; init; } = new();

    /// <summary>The parts that pre-training's readers of volumes, models and templates ask for.</summary>
    public Plan ToPlan() => new()
    {
        Name = Name,
        Seed = Seed,
        Modalities = Modalities,
        Network = Network,
        Imaging = Imaging,
        Rounds = new RoundsPlan { Count = 1, LocalSteps = Training.Steps },
        Training = new TrainingPlan { WarmUp = Training.WarmUp, Threads = Training.Threads, Precision = Training.Precision, Recomputation = Training.Recomputation, CheckpointEvery = Training.CheckpointEvery },
    };
}

/// <summary>Values of <see cref="FinetuneTask.Kind"/>.</summary>
public static class TaskKinds
{
    public const string Segmentation = "segmentation";
    public const string Classification = "classification";
}

/// <summary>How the network learns.</summary>
public sealed record FinetuneTraining
{
    [PlanField("Optimiser steps at most.", Unit = "steps", Minimum = 1, Maximum = 10000000)]
    public int Steps { get; init; } = 20000;

    [PlanField("Cases in one micro-batch.", Unit = "cases", Minimum = 1, Maximum = 256)]
    public int BatchSize { get; init; } = 2;

    [PlanField("Micro-batches whose gradients are added before one optimiser step.", Minimum = 1, Maximum = 256)]
    public int Accumulation { get; init; } = 1;

    [PlanField("CPU threads; results are bit-identical only at equal counts.", Unit = "threads", Minimum = 1, Maximum = 256)]
    public int Threads { get; init; } = 1;

    [PlanField("AdamW learning rate at its highest; it falls to 0 along a cosine.", Minimum = 0, Maximum = 1)]
    public double LearningRate { get; init; } = 3e-4;

    [PlanField("Part of the steps with linear warm-up before the cosine.", Minimum = 0, Maximum = 0.5)]
    public double WarmUp { get; init; } = 0.02;

    [PlanField("AdamW decoupled weight decay.", Minimum = 0, Maximum = 1)]
    public double WeightDecay { get; init; } = 1e-4;

    [PlanField("Largest L2 norm of all gradients together; above it they are scaled down. 0 does not clip.", Minimum = 0, Maximum = 1000000)]
    public double ClipNorm { get; init; } = 1;

    [PlanField("Number format of convolutions and matrix products; weights and sums stay fp32. fp16 scales the loss.", OneOf = [Precisions.Fp32, Precisions.Bf16, Precisions.Fp16])]
    public string Precision { get; init; } = Precisions.Fp32;

    [PlanField("Recompute parts of the blocks in the backward pass: less memory, more time, the same gradients.")]
    public bool Recomputation { get; init; }

    [PlanField("First convolutions of a pre-trained encoder, which saw one channel: inflate repeats them over the input channels, divided by their number; reinit draws them anew, as the published code does.", OneOf = [Stems.Inflate, Stems.Reinit])]
    public string Stem { get; init; } = Stems.Inflate;

    [PlanField("Part of the start's weights in the finished model: 0 keeps the trained ones, 0.5 is the mean of start and end (WiSE-FT). Few labels forget less so. The start must fill the whole network, as the model that a site has of a federated run does.", Minimum = 0, Maximum = 0.95)]
    public double StartShare { get; init; }

    [PlanField("Most modalities that templates replace in one copy of a training case: the number is drawn from 0 to it, at most one less than the channels there are. 0 trains one copy without replacement. With a single input channel, parts of it are replaced instead (maskRatio).", Minimum = 0, Maximum = 8)]
    public int ReplacedModalities { get; init; } = 3;

    [PlanField("Part of the crop that the template replaces where there is a single input channel.", Minimum = 0, Maximum = 1)]
    public double MaskRatio { get; init; } = 0.5;

    [PlanField("Side of a cubic cell of that mask; divides the crop sides.", Unit = "voxels", Minimum = 1, Maximum = 64)]
    public int MaskCell { get; init; } = 8;

    [PlanField("Weight of the squared difference of the encoder's features of the two copies.", Minimum = 0, Maximum = 1000)]
    public double ConsistencyWeight { get; init; } = 0.1;

    [PlanField("Weight of the Dice term; for segmentation.", Minimum = 0, Maximum = 1000)]
    public double DiceWeight { get; init; } = 0.7;

    [PlanField("Weight of the cross entropy; for segmentation.", Minimum = 0, Maximum = 1000)]
    public double CrossEntropyWeight { get; init; } = 0.3;

    [PlanField("Losses at coarser levels of the decoder too; for segmentation with uniformer.")]
    public bool DeepSupervision { get; init; } = true;

    [PlanField("Part of the crops that are centred on a labelled voxel; the others lie where imaging.cropPosition says. For segmentation.", Minimum = 0, Maximum = 1)]
    public double PositiveShare { get; init; } = 0.5;

    [PlanField("Probability of a mirrored crop, for each axis.", Minimum = 0, Maximum = 1)]
    public double Flip { get; init; } = 0.5;

    [PlanField("Largest random shift of all intensities of a crop, in units of 0..1.", Minimum = 0, Maximum = 1)]
    public double IntensityShift { get; init; } = 0.1;

    [PlanField("Largest random relative scaling of all intensities of a crop.", Minimum = 0, Maximum = 1)]
    public double IntensityScale { get; init; } = 0.1;

    [PlanField("Draw cases of rare classes as often as others; for classification.")]
    public bool WeightedSampling { get; init; } = true;

    [PlanField("What stands in for a modality that a case lacks: its template where there is one, or zeros.", OneOf = [MissingFillers.Templates, MissingFillers.Zeros])]
    public string MissingModalities { get; init; } = MissingFillers.Templates;

    [PlanField("Optimiser steps between two validations.", Unit = "steps", Minimum = 1, Maximum = 1000000)]
    public int ValidateEvery { get; init; } = 500;

    [PlanField("Validations without a better result after which training stops; 0 never stops early.", Minimum = 0, Maximum = 100000)]
    public int Patience { get; init; } = 10;

    [PlanField("Optimiser steps between two checkpoints.", Unit = "steps", Minimum = 1, Maximum = 100000)]
    public int CheckpointEvery { get; init; } = 100;
}

/// <summary>Values of <see cref="FinetuneTraining.Stem"/>.</summary>
public static class Stems
{
    public const string Inflate = "inflate";
    public const string Reinit = "reinit";
}

/// <summary>Values of <see cref="FinetuneTraining.MissingModalities"/>.</summary>
public static class MissingFillers
{
    public const string Templates = "templates";
    public const string Zeros = "zeros";
}

/// <summary>Which cases train, validate and test. Subjects stay together, whatever is drawn.</summary>
public sealed record SplitPlan
{
    [PlanField("Folds of the subjects; 0 keeps no test fold, so that only testCases are left for testing. As many folds as subjects leave one out.", Minimum = 0, Maximum = 10000)]
    public int Folds { get; init; }

    [PlanField("Fold that is tested, counted from 0.", Minimum = 0, Maximum = 9999)]
    public int Fold { get; init; }

    [PlanField("Cases that are never trained on, by name; subjects count for all their sessions.")]
    public IReadOnlyList<string> TestCases { get; init; } = [];

    [PlanField("Cases that validate, by name; empty draws heldOut of the subjects.")]
    public IReadOnlyList<string> ValidationCases { get; init; } = [];

    [PlanField("Part of the subjects outside the test fold that validate, at least one subject when there are two. 0 validates on none and keeps the last weights.", Minimum = 0, Maximum = 0.9)]
    public double HeldOut { get; init; } = 0.2;

    [PlanField("Part of the training subjects whose labels are used, at least one: label efficiency. The same seed draws nested parts.", Minimum = 0, Maximum = 1)]
    public double LabelFraction { get; init; } = 1;
}

/// <summary>How a volume is labelled.</summary>
public sealed record InferencePlan
{
    [PlanField("Overlap of the windows that slide over a volume.", Minimum = 0, Maximum = 0.95)]
    public double Overlap { get; init; } = 0.5;

    [PlanField("Weights of a window's voxels: a bell curve, or all alike as in the published evaluation.", OneOf = [WindowWeights.Gaussian, WindowWeights.Constant])]
    public string Weights { get; init; } = WindowWeights.Gaussian;

    [PlanField("Average over all eight mirror images.")]
    public bool Flips { get; init; }
}

/// <summary>Values of <see cref="InferencePlan.Weights"/>.</summary>
public static class WindowWeights
{
    public const string Gaussian = "gaussian";
    public const string Constant = "constant";
}
