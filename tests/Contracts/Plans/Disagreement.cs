namespace BrainMVP.Federated.Contracts.Tests.Plans;

/// <summary>A point on which the publications of BrainMVP and its published code differ, or leave a choice.</summary>
/// <param name="V1">arXiv 2410.10604 v1.</param>
/// <param name="Cvpr">The conference paper; – where it says nothing.</param>
/// <param name="Code">The published training script.</param>
/// <param name="Fields">The plan fields that decide, with their values in each preset.</param>
/// <param name="Otherwise">What to write into a plan for the other choice.</param>
internal sealed record Disagreement(string Topic, string V1, string Cvpr, string Code, IReadOnlyList<PresetValues> Fields, string Otherwise)
{
    public static IReadOnlyList<Disagreement> All { get; } =
    [
        new("mask ratio", "0.8", "0.875", "script 0.8, default of its option 0.875",
            [new("training.maskRatio", "0.8", "0.875", "0.8", "0.8")],
            "`training: {maskRatio: 0.875}`"),
        new("mask geometry", "random cubes, overlaps counted", "cubes until the ratio is reached", "whole cells of a grid, counted exactly",
            [new("training.maskGeometry", "grid", "grid", "grid", "grid"), new("training.maskCell", "8", "8", "8", "4")],
            "`training: {maskGeometry: cubes}`"),
        new("mask of the two views", "can be read both ways", "–", "two independent masks",
            [new("training.sharedMask", "false", "false", "false", "false")],
            "`training: {sharedMask: true}`"),
        new("weight of the template view", "1", "1", "10",
            [new("training.templateWeight", "1", "1", "10", "1"), new("training.crossModalWeight", "1", "1", "1", "1")],
            "`training: {templateWeight: 10}`"),
        new("start of the cross-modal view", "at once", "at once", "epoch 301 of 1500",
            [new("training.crossModalStart", "0", "0", "0.2", "0.2")],
            "`training: {crossModalStart: 0.2}`"),
        new("start of the contrastive term", "epoch 900 of 1500", "epoch 1000 of 1500", "epoch 1000 of 1500",
            [new("training.contrastiveStart", "0.6", "0.666666666667", "0.666666666667", "0.666666666667")],
            "`training: {contrastiveStart: 0.6}`"),
        new("contrastive weight and temperature", "1, not given", "1, –", "1 and 1; the loss class's own default is 0.1",
            [new("training.contrastiveWeight", "1", "1", "1", "0.1"), new("training.contrastiveTemperature", "1", "1", "1", "1")],
            "`training: {contrastiveTemperature: 0.1}`"),
        new("negatives of the contrastive term", "samples of other data sets", "–", "the other samples of the micro-batch",
            [new("training.contrastiveNegatives", "batch", "batch", "batch", "batch")],
            "`training: {contrastiveNegatives: otherDatasets}`"),
        new("norm of the reconstruction error", "Euclidean", "Euclidean", "mean square over all voxels",
            [new("training.reconstructionNorm", "mse", "mse", "mse", "mse")],
            "`training: {reconstructionNorm: l2}`"),
        new("targets", "mean over a case's modalities", "mean over a case's modalities", "one random position for the whole micro-batch",
            [new("training.targets", "perSample", "perSample", "perMicroBatch", "perSample")],
            "`training: {targets: all}`, `perMicroBatch` or `perSample`"),
        new("intensity percentiles", "1 and 99", "–", "5 and 95, clipped",
            [new("imaging.lowerPercentile", "1", "5", "5", "5"), new("imaging.upperPercentile", "99", "95", "95", "95")],
            "`imaging: {lowerPercentile: 1, upperPercentile: 99}`"),
        new("crop position", "centred on head or background", "–", "uniform",
            [new("imaging.cropPosition", "uniform", "uniform", "uniform", "uniform")],
            "`imaging: {cropPosition: foreground}`"),
        new("batch", "8 devices × 3 cases", "8 devices × 3 cases", "4 devices × 3 cases × 2 accumulated",
            [new("training.batchSize", "3", "3", "3", "3"), new("training.accumulation", "2", "2", "2", "1")],
            "`training: {accumulation: 8}` for 24 cases a step; the sites of a round come on top"),
        new("learning rate", "cosine", "cosine", "cosine; before August 2025 at twice the pace, so that it rose again after half",
            [new("training.schedule", "cosine", "cosine", "cosine", "cosine"), new("training.warmUp", "0", "0", "0", "0")],
            "`training: {schedule: doubleSpeedCosine}`"),
        new("templates", "one volume a modality, zero at the start", "as large as the input, zero at the start", "whole heads of 240 × 240 × 155, zero at the start, scaled to 0..1 at each use",
            [new("imaging.canvas", "[240, 240, 155]", "[240, 240, 155]", "[240, 240, 155]", "[60, 60, 40]"), new("training.templateNormalization", "guarded", "guarded", "guarded", "guarded")],
            "`training: {templateNormalization: faithful}`"),
        new("backbone", "UniFormer and UNET3D", "named a ViT", "UniFormer: convolution and attention; UNET3D",
            [new("network.backbone", "uniformer", "uniformer", "uniformer", "uniformer")],
            "`network: {backbone: unet3d}`"),
    ];
}

/// <summary>One field's values in the presets.</summary>
internal sealed record PresetValues(string Field, string V1, string Cvpr, string Code, string Demo)
{
    public IReadOnlyList<string> Values => [V1, Cvpr, Code, Demo];
}
