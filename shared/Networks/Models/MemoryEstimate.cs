using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>
/// Memory of a training step in 32-bit floats on the CPU, counted from what each block keeps for its backward pass.
/// Against the peak resident memory of a process that runs one 96³ step of one case (two views) without an optimiser:
/// UniFormer 3.0 GB measured, 3.3 estimated, with recomputation 1.8 and 1.7; UNET3D 4.2 and 4.6, with recomputation 3.3
/// and 3.4. The same UniFormer written with one library operator after another keeps 15 instead of 9 tensors in a
/// convolving block, writes attention matrices and the decoder's 64-channel volume, and took 7.0 GB: the 3.7 GB a view
/// of the published code.
/// </summary>
/// <param name="Weights">Parameters and statistics.</param>
/// <param name="Gradients">One value for each parameter and template value.</param>
/// <param name="Moments">Two values of AdamW for each parameter and template value.</param>
/// <param name="Templates">Template values.</param>
/// <param name="Activations">What the forward pass keeps for the backward pass.</param>
/// <param name="Workspace">What the largest block needs while its backward pass runs.</param>
/// <param name="Runtime">libtorch and .NET before the first tensor.</param>
public sealed record MemoryEstimate(long Weights, long Gradients, long Moments, long Templates, long Activations, long Workspace, long Runtime)
{
    private const long Value = sizeof(float);
    private const long RuntimeBytes = 150L << 20;

    /// <summary>Sum, bytes.</summary>
    public long Total => Weights + Gradients + Moments + Templates + Activations + Workspace + Runtime;

    internal static MemoryEstimate Of(NetworkPlan network, StepShape step, long parameters, long templates)
    {
        var (activations, workspace) = network.Backbone == Backbones.UNet3D ? UNet3D(network, step) : UniFormer(network, step);
        return new MemoryEstimate(
            parameters * Value,
            (parameters + templates) * Value,
            2 * (parameters + templates) * Value,
            templates * Value,
            activations * step.Volumes * Value,
            workspace * step.Volumes * Value,
            RuntimeBytes);
    }

    /// <summary>Elements for one volume.</summary>
    private static (long Activations, long Workspace) UniFormer(NetworkPlan network, StepShape step)
    {
        // Volume, target and reconstruction; deepest features and the two grids of the decoder.
        var grid = Grid(network, step, 4);
        var kept = (3 * Voxels(step, 0)) + (2 * grid) + Voxels(step, 3) * network.Widths[2];
        var before = Voxels(step, 0);
        for (var stage = 1; stage <= 4; stage++)
        {
            grid = Grid(network, step, stage);

            // Patch embedding: its rows, and the input of its normalisation.
            kept += before + grid;

            // Convolving: input of both halves; else also both depth-wise inputs, the last convolution's and the hidden
            // values. Attending: inputs of both halves and of their normalisation, queries, keys, values, the mixed values
            // twice, normalised tokens; else also the hidden values.
            var block = (stage <= 2, step.Recomputation) switch
            {
                (true, true) => 2,
                (true, false) => 5 + network.MlpRatio,
                (false, true) => 9,
                (false, false) => 9 + network.MlpRatio,
            };
            kept += network.Depths[stage - 1] * block * grid;
            before = grid;
        }

        return (kept, (step.Recomputation ? 7 : 4) * Grid(network, step, 1));
    }

    private static (long Activations, long Workspace) UNet3D(NetworkPlan network, StepShape step)
    {
        var kept = 3 * Voxels(step, 0);
        for (var level = 0; level < 4; level++)
        {
            var grid = Voxels(step, level) * network.Widths[level];

            // A block keeps its input, both rectified grids and what lies between them.
            var block = step.Recomputation && level < Encoders.UNet3DEncoder.RecomputedLevels ? 1 : 4;
            kept += grid * ((network.Depths[level] * block) + 1);
            kept += level < 3 ? grid * (block + 1) : 0;
        }

        return (kept, (step.Recomputation ? 7 : 4) * Voxels(step, 0) * network.Widths[0]);
    }

    private static long Voxels(StepShape step, int halvings) => step.Crop.Aggregate(1L, (voxels, side) => voxels * (side >> halvings));

    private static long Grid(NetworkPlan network, StepShape step, int stage) => Voxels(step, stage) * network.Widths[stage - 1];
}
