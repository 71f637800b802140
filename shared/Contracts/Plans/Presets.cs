using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>The named starting points of a plan. Differences between paper and code are plan fields, not code paths.</summary>
public static class Presets
{
    /// <summary>arXiv 2410.10604 v1: percentiles 1 and 99, contrastive term from epoch 900 of 1500 on.</summary>
    public const string V1 = "brainmvp-v1";

    /// <summary>The conference version: mask ratio 0.875, contrastive term from epoch 1000 of 1500 on.</summary>
    public const string Cvpr = "brainmvp-cvpr";

    /// <summary>The published training script: template view weighted by 10, cross-modal view from 20 % on, one target position a micro-batch.</summary>
    public const string Code = "brainmvp-code";

    /// <summary>Narrow network on 4 mm volumes: a federation trains in minutes on two CPU cores.</summary>
    public const string Demo = "demo";

    public static IReadOnlyList<string> Names { get; } = [V1, Cvpr, Code, Demo];

    /// <exception cref="FederationException">BMF-1003 for an unknown preset.</exception>
    public static Plan Create(string preset) => preset switch
    {
        V1 => new Plan { Preset = V1, Imaging = new ImagingPlan { LowerPercentile = 1, UpperPercentile = 99 }, Training = new TrainingPlan { ContrastiveStart = 0.6 } },
        Cvpr => new Plan { Preset = Cvpr, Training = new TrainingPlan { MaskRatio = 0.875 } },
        Code => new Plan { Preset = Code, Training = new TrainingPlan { TemplateWeight = 10, CrossModalStart = 0.2, Targets = "perMicroBatch" } },
        Demo => new Plan
        {
            Preset = Demo,
            Name = "demo",
            Rounds = new RoundsPlan { Count = 6, LocalSteps = 40 },
            Network = new NetworkPlan { Widths = [12, 24, 64, 96], Depths = [1, 1, 2, 1], HeadWidth = 16 },
            Imaging = new ImagingPlan { SpacingMm = 4, Canvas = [60, 60, 40], Crop = [32, 32, 32] },
            Training = new TrainingPlan
            {
                BatchSize = 3,
                Accumulation = 1,
                LearningRate = 3e-3,
                TemplateLearningRate = 2e-2,
                TemplateSecondMoment = 0.95,
                TemplateStart = 0.3,
                MaskCell = 4,
                CrossModalStart = 0.2,
                ContrastiveWeight = 0.1,
                CheckpointEvery = 10,
                HeldOut = 0.2,
            },
            Quorum = new QuorumPlan
            {
                MinimumSites = 2,
                TrainDeadlineSeconds = 600,
                UploadDeadlineSeconds = 120,
                ApprovalDeadlineSeconds = 600,
                SilentAfterSeconds = 30,
            },
        },
        _ => throw ErrorCatalogue.PlanOutOfRange.With($"preset \"{preset}\" is not one of {string.Join(", ", Names)}."),
    };
}
