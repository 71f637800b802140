using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;

namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>What to train, how many rounds, quorum, privacy. Authored as YAML; the SHA-256 of its canonical JSON is its identity.</summary>
public sealed record Plan
{
    [PlanField("Name shown to people; letters, digits, hyphens.")]
    public string Name { get; init; } = "pretraining";

    [PlanField("Preset whose values the other fields start from.", OneOf = ["brainmvp-v1", "brainmvp-cvpr", "brainmvp-code", "demo"])]
    public string Preset { get; init; } = "brainmvp-v1";

    [PlanField("Seed of every random draw of the run.", Minimum = 0, Maximum = 9007199254740991)]
    public long Seed { get; init; } = 1;

    [PlanField("Modalities whose templates the run learns, canonical names.", OneOf = ["flair", "t1", "t1c", "t2", "mra", "pd", "dwi", "adc"])]
    public IReadOnlyList<string> Modalities { get; init; } = Identity.Modalities.All;

    public RoundsPlan Rounds { get; init; } = new();

    public NetworkPlan Network { get; init; } = new();

    public ImagingPlan Imaging { get; init; } = new();

    public TrainingPlan Training { get; init; } = new();

    public QuorumPlan Quorum { get; init; } = new();

    public AggregationPlan Aggregation { get; init; } = new();

    public PrivacyPlan Privacy { get; init; } = new();

    [Since(3)]
    public DownstreamPlan Downstream { get; init; } = new();

    [Since(3)]
    public FinetuneTraining Finetuning { get; init; } = new();

    [Since(3)]
    public SplitPlan Split { get; init; } = new();

    [Since(3)]
    public InferencePlan Inference { get; init; } = new();
}

/// <summary>How long the run is.</summary>
public sealed record RoundsPlan
{
    [PlanField("Global rounds.", Minimum = 1, Maximum = 100000)]
    public int Count { get; init; } = 100;

    [PlanField("Optimiser steps a site trains in one round.", Unit = "steps", Minimum = 1, Maximum = 100000)]
    public int LocalSteps { get; init; } = 200;

    [Since(2)]
    [PlanField("Commits that an administrator may roll back by: so many rounds the sites keep what they started from, and the aggregator its models.", Unit = "rounds", Minimum = 0, Maximum = 1000)]
    public int Rollback { get; init; } = 2;
}

/// <summary>The encoder and its reconstruction decoder.</summary>
public sealed record NetworkPlan
{
    [PlanField("Backbone. A plan that names unet3d and no widths gets its published ones: [32, 64, 128, 256], depths [1, 2, 2, 4].", OneOf = [Backbones.UniFormer, Backbones.UNet3D])]
    public string Backbone { get; init; } = Backbones.UniFormer;

    [PlanField("Channels of the four stages; of unet3d multiples of 8.", Unit = "channels", Minimum = 4, Maximum = 2048, Items = 4)]
    public IReadOnlyList<int> Widths { get; init; } = [64, 128, 320, 512];

    [PlanField("Blocks of the four stages; in uniformer the first two convolve and the last two attend.", Unit = "blocks", Minimum = 1, Maximum = 64, Items = 4)]
    public IReadOnlyList<int> Depths { get; init; } = [3, 4, 8, 3];

    [PlanField("Channels of one attention head of uniformer; divides the widths of stages 3 and 4.", Unit = "channels", Minimum = 1, Maximum = 512)]
    public int HeadWidth { get; init; } = 64;

    [PlanField("Hidden width of uniformer's feed-forward parts over the block's width.", Minimum = 1, Maximum = 8)]
    public int MlpRatio { get; init; } = 4;
}

/// <summary>How volumes become crops.</summary>
public sealed record ImagingPlan
{
    [PlanField("Isotropic voxel size that volumes are resampled to.", Unit = "mm", Minimum = 0.5, Maximum = 8)]
    public double SpacingMm { get; init; } = 1;

    [PlanField("Template canvas, voxels along R, A, S.", Unit = "voxels", Minimum = 16, Maximum = 512, Items = 3)]
    public IReadOnlyList<int> Canvas { get; init; } = [240, 240, 155];

    [PlanField("Crop side lengths along R, A, S; multiples of 16.", Unit = "voxels", Minimum = 16, Maximum = 256, Items = 3)]
    public IReadOnlyList<int> Crop { get; init; } = [96, 96, 96];

    [PlanField("Where crops lie: uniform over all valid positions; foreground centres half of them on a voxel of the head and half on one of the background, as far as the crop fits into the volume.", OneOf = ["uniform", "foreground"])]
    public string CropPosition { get; init; } = "uniform";

    [PlanField("Percentile of a volume that becomes 0.", Unit = "%", Minimum = 0, Maximum = 50)]
    public double LowerPercentile { get; init; } = 5;

    [PlanField("Percentile of a volume that becomes 1.", Unit = "%", Minimum = 50, Maximum = 100)]
    public double UpperPercentile { get; init; } = 95;

    [PlanField("Least Dice overlap of two foregrounds of a case; below it the case is skipped as misaligned unless mutual information confirms the position; 0 accepts every position.", Minimum = 0, Maximum = 1)]
    public double MinimumOverlap { get; init; } = 0.96;
}

/// <summary>The local steps.</summary>
public sealed record TrainingPlan
{
    [PlanField("Cases in one micro-batch.", Unit = "cases", Minimum = 1, Maximum = 256)]
    public int BatchSize { get; init; } = 3;

    [PlanField("Micro-batches whose gradients are added before one optimiser step.", Minimum = 1, Maximum = 256)]
    public int Accumulation { get; init; } = 2;

    [PlanField("CPU threads of one trainer; results are bit-identical only at equal counts.", Unit = "threads", Minimum = 1, Maximum = 256)]
    public int Threads { get; init; } = 1;

    [PlanField("AdamW learning rate of the network at its highest.", Minimum = 0, Maximum = 1)]
    public double LearningRate { get; init; } = 3e-4;

    [PlanField("AdamW learning rate of the templates at its highest.", Minimum = 0, Maximum = 1)]
    public double TemplateLearningRate { get; init; } = 3e-4;

    [PlanField("AdamW decay of the templates' second moment. At 0.999 the large first gradients keep a short run's templates from moving; the paper's code uses 0.999.", Minimum = 0.5, Maximum = 0.9999)]
    public double TemplateSecondMoment { get; init; } = 0.999;

    [PlanField("Progress of the run after which templates move; before it the network learns with the templates it was given.", Minimum = 0, Maximum = 1)]
    public double TemplateStart { get; init; }

    [PlanField("AdamW decoupled weight decay.", Minimum = 0, Maximum = 1)]
    public double WeightDecay { get; init; } = 1e-5;

    [PlanField("Part of the run with linear warm-up before the cosine.", Minimum = 0, Maximum = 0.5)]
    public double WarmUp { get; init; }

    [PlanField("Learning rate over the run: cosine falls once to 0; doubleSpeedCosine reaches 0 at half of the run and rises to its highest again, as the published code did before August 2025.", OneOf = ["cosine", "doubleSpeedCosine"])]
    public string Schedule { get; init; } = "cosine";

    [PlanField("Largest L2 norm of all network gradients together; above it they are scaled down. 0 does not clip.", Minimum = 0, Maximum = 1000000)]
    public double ClipNorm { get; init; }

    [PlanField("FedProx: factor mu of the pull mu (w - w_global) on the network's parameters. 0 is off.", Minimum = 0, Maximum = 1000)]
    public double ProximalWeight { get; init; }

    [PlanField("Decay of the exponential moving average over the local steps that a site sends instead of its last weights. 0 is off.", Minimum = 0, Maximum = 0.99999)]
    public double MovingAverage { get; init; }

    [PlanField("Number format of convolutions and matrix products; weights and sums stay fp32. fp16 scales the loss.", OneOf = [Precisions.Fp32, Precisions.Bf16, Precisions.Fp16])]
    public string Precision { get; init; } = Precisions.Fp32;

    [PlanField("Recompute parts of the blocks in the backward pass: less memory, more time, the same gradients.")]
    public bool Recomputation { get; init; }

    [PlanField("Batch normalisation: averaged over the sites; local keeps each site's own affine parameters and statistics from round to round (FedBN); fixed freezes the statistics from batchNormFixedFrom on (FixBN).", OneOf = ["averaged", "local", "fixed"])]
    public string BatchNorm { get; init; } = "averaged";

    [PlanField("Progress of the run from which on rounds that begin use the global statistics, with fixed batch normalisation.", Minimum = 0, Maximum = 1)]
    public double BatchNormFixedFrom { get; init; } = 0.5;

    [Since(2)]
    [PlanField("SCAFFOLD: sites correct every gradient of the network by the difference of the federation's and their own mean gradient, so that unlike sites drift apart less. Updates become about twice as large.")]
    public bool ControlVariates { get; init; }

    [PlanField("Progress of the run after which view 2 is filled with another modality; before it, with the template.", Minimum = 0, Maximum = 1)]
    public double CrossModalStart { get; init; }

    [PlanField("Progress of the run after which the contrastive term counts.", Minimum = 0, Maximum = 1)]
    public double ContrastiveStart { get; init; } = 2.0 / 3.0;

    [PlanField("Weight of the template view's reconstruction error.", Minimum = 0, Maximum = 1000)]
    public double TemplateWeight { get; init; } = 1;

    [PlanField("Weight of the cross-modal view's reconstruction error.", Minimum = 0, Maximum = 1000)]
    public double CrossModalWeight { get; init; } = 1;

    [PlanField("Weight of the contrastive term.", Minimum = 0, Maximum = 1000)]
    public double ContrastiveWeight { get; init; } = 1;

    [PlanField("Temperature of the contrastive term.", Minimum = 0.001, Maximum = 100)]
    public double ContrastiveTemperature { get; init; } = 1;

    [PlanField("Samples that the contrastive term pushes apart: all others of the micro-batch, or only those whose subject name has another prefix before its first number, for example BraTS-MEN and UCSF-PDGM.", OneOf = ["batch", "otherDatasets"])]
    public string ContrastiveNegatives { get; init; } = "batch";

    [PlanField("Reconstruction error: mse is the mean over all voxels; l2 the mean over the samples of the Euclidean norm, of the order of the square root of the voxels.", OneOf = ["mse", "l2"])]
    public string ReconstructionNorm { get; init; } = "mse";

    [PlanField("Targets of a micro-batch: one random modality for each sample; one random position in the shuffled modality lists for the whole micro-batch; or every modality of every case, which makes micro-batches larger.", OneOf = ["perSample", "perMicroBatch", "all"])]
    public string Targets { get; init; } = "perSample";

    [PlanField("Fill view 2 also from global templates of modalities that the case lacks; a site with one modality then trains the cross-modal task too.")]
    public bool FillFromGlobalTemplates { get; init; }

    [PlanField("Part of the crop that is masked and filled; see maskGeometry.", Minimum = 0, Maximum = 1)]
    public double MaskRatio { get; init; } = 0.8;

    [PlanField("Side of a cubic mask cell; divides the crop sides.", Unit = "voxels", Minimum = 1, Maximum = 64)]
    public int MaskCell { get; init; } = 8;

    [PlanField("grid masks exactly that part of a regular grid; cubes draws random cubes of that side until their voxels, overlaps counted again, reach that part of the crop (about 53 % covered at 0.8).", OneOf = ["grid", "cubes"])]
    public string MaskGeometry { get; init; } = "grid";

    [PlanField("One mask for both views of a sample instead of two.")]
    public bool SharedMask { get; init; }

    [PlanField("How templates are scaled to 0..1: guarded uses the raw template while its range is below 1; faithful always divides.", OneOf = ["guarded", "faithful"])]
    public string TemplateNormalization { get; init; } = "guarded";

    [PlanField("AdamW moments at the start of a round: kept from the site's last round, or reset.", OneOf = ["keep", "reset"])]
    public string OptimizerState { get; init; } = "keep";

    [PlanField("Optimiser steps between two checkpoints.", Unit = "steps", Minimum = 1, Maximum = 10000)]
    public int CheckpointEvery { get; init; } = 25;

    [PlanField("Part of a site's cases held out for validation; at least one case when the site has two.", Minimum = 0, Maximum = 0.9)]
    public double HeldOut { get; init; } = 0.1;

    [PlanField("Fixed validation crops for each held-out case and modality.", Unit = "crops", Minimum = 1, Maximum = 64)]
    public int ValidationCrops { get; init; } = 2;
}

/// <summary>When a round may close, and how long it may wait.</summary>
public sealed record QuorumPlan
{
    [PlanField("Sites without which no round closes.")]
    public IReadOnlyList<string> Required { get; init; } = [];

    [PlanField("Fewest sites of a round.", Unit = "sites", Minimum = 1, Maximum = 10000)]
    public int MinimumSites { get; init; } = 2;

    [PlanField("Fewest cases over the sites of a round.", Unit = "cases", Minimum = 0, Maximum = 100000000)]
    public int MinimumCases { get; init; }

    [PlanField("Fewest sites that contribute to each template that the round shares; 0 leaves it to privacy.minimumContributors, below which that template alone is withheld.", Unit = "sites", Minimum = 0, Maximum = 10000)]
    public int MinimumSitesPerModality { get; init; }

    [PlanField("Longest time from the opening of a round to the last report.", Unit = "s", Minimum = 1, Maximum = 31536000)]
    public int TrainDeadlineSeconds { get; init; } = 86400;

    [PlanField("Longest time from the roster to the last upload.", Unit = "s", Minimum = 1, Maximum = 31536000)]
    public int UploadDeadlineSeconds { get; init; } = 14400;

    [PlanField("Longest time from submission to the last approval.", Unit = "s", Minimum = 1, Maximum = 31536000)]
    public int ApprovalDeadlineSeconds { get; init; } = 1209600;

    [PlanField("A site not heard from for this long is no longer waited for once the quorum is met.", Unit = "s", Minimum = 5, Maximum = 31536000)]
    public int SilentAfterSeconds { get; init; } = 900;

    [Since(2)]
    [PlanField("Reports with which the roster is fixed at once, without waiting for the other sites (buffered rounds, FedBuff); the quorum holds as well. 0 waits for everybody.", Unit = "sites", Minimum = 0, Maximum = 10000)]
    public int Buffered { get; init; }

    [Since(2)]
    [PlanField("What becomes of the work of a site that missed its round: discard starts it anew; carry lets the site finish it and contribute it to the next round it can reach, with its age recorded.", OneOf = [LatePolicies.Discard, LatePolicies.Carry])]
    public string LatePolicy { get; init; } = LatePolicies.Discard;

    [Since(2)]
    [PlanField("Rounds that carried work may be old; older work is started anew.", Unit = "rounds", Minimum = 1, Maximum = 1000)]
    public int MaximumAge { get; init; } = 3;

    [Since(2)]
    [PlanField("Factor on the weight of carried work for each round of its age.", Minimum = 0.01, Maximum = 1)]
    public double StalenessFactor { get; init; } = 0.5;
}

/// <summary>From updates to the next global model.</summary>
public sealed record AggregationPlan
{
    [PlanField("Factor on the averaged change before it is added to the global model.", Minimum = 0, Maximum = 10)]
    public double ServerLearningRate { get; init; } = 1;

    [PlanField("What is done with the averaged change: average adds it (FedAvg); momentum (FedAvgM), nesterov (DiLoCo), adam and yogi (FedOpt) keep moments at the server from round to round. Batch normalisation statistics are always averaged.", OneOf = [ServerOptimizers.Average, ServerOptimizers.Momentum, ServerOptimizers.Nesterov, ServerOptimizers.Adam, ServerOptimizers.Yogi])]
    public string ServerOptimizer { get; init; } = ServerOptimizers.Average;

    [PlanField("Decay of the server's first moment.", Minimum = 0, Maximum = 0.9999)]
    public double ServerMomentum { get; init; } = 0.9;

    [PlanField("Decay of the server's second moment, with adam and yogi.", Minimum = 0, Maximum = 0.9999)]
    public double ServerSecondMoment { get; init; } = 0.99;

    [PlanField("Adaptivity tau of adam and yogi: added to the root of the second moment, which starts from its square.", Minimum = 1e-12, Maximum = 1)]
    public double ServerAdaptivity { get; init; } = 1e-3;

    [PlanField("What a site counts for: its optimiser steps, its training cases, or the same as every other. Templates count target draws unless it is equal.", OneOf = [SiteWeightings.Steps, SiteWeightings.Cases, SiteWeightings.Equal])]
    public string SiteWeighting { get; init; } = SiteWeightings.Steps;

    [PlanField("How the changes of the sites become one: mean, or a rule that bounds the influence of faulty sites. All rules but mean need siteWeighting equal.", OneOf = [AggregationRules.Mean, AggregationRules.Median, AggregationRules.TrimmedMean, AggregationRules.Krum, AggregationRules.MultiKrum])]
    public string Rule { get; init; } = AggregationRules.Mean;

    [PlanField("Lowest and as many highest values of each element that trimmedMean leaves out.", Unit = "sites", Minimum = 1, Maximum = 1000)]
    public int TrimmedSites { get; init; } = 1;

    [PlanField("Faulty sites f that krum and multiKrum withstand; they need 2f + 3 sites.", Unit = "sites", Minimum = 0, Maximum = 1000)]
    public int FaultySites { get; init; } = 1;

    [PlanField("Sites that multiKrum averages; 0 keeps all but the faulty ones.", Unit = "sites", Minimum = 0, Maximum = 10000)]
    public int KeptSites { get; init; }

    [PlanField("Largest L2 norm of a site's change of the network. The site scales a larger change down; the aggregator refuses one that is larger all the same. 0 does not bound.", Minimum = 0, Maximum = 1000000000)]
    public double MaxDeltaNorm { get; init; }

    [Since(2)]
    [PlanField("Bits of one value of an update on the wire. Fewer make uploads smaller and rounding coarser: 20 bits take 0.63 of the bytes; each commit states the largest rounding error.", Unit = "bits", Minimum = 12, Maximum = 32)]
    public int RingBits { get; init; } = 32;

    [Since(2)]
    [PlanField("How sites receive a new model and new templates: whole; or, where they have those before, as changes of 16-bit floats or 8-bit integers. The new model is then the one before plus that change, the same bits everywhere; each commit states what was lost.", OneOf = [BroadcastFormats.Full, BroadcastFormats.Fp16, BroadcastFormats.Int8])]
    public string Broadcast { get; init; } = BroadcastFormats.Full;

    [PlanField("Largest exponent e = ceil(log2 absmax) of any tensor of a change.", Minimum = -126, Maximum = 127)]
    public int MaxDeltaExponent { get; init; } = 20;
}

/// <summary>What a round may reveal.</summary>
public sealed record PrivacyPlan
{
    [PlanField("Fewest sites that must contribute to a template before it moves and is delivered.", Unit = "sites", Minimum = 1, Maximum = 10000)]
    public int MinimumContributors { get; init; } = 2;
}
