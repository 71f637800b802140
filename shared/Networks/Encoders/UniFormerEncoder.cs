using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// UniFormer in three dimensions: two convolving and two attending stages, each behind a patch embedding that halves
/// the grid. Volumes come as [B, 1, R, A, S]; the encoder works on [B, C, S, R, A], because trained kernels depend on
/// the order of the axes. With widths 64/128/320/512 and depths 3/4/8/3 it has 22,038,464 parameters.
/// Field names are the state-dictionary keys.
/// </summary>
public sealed class UniFormerEncoder : Module<Tensor, Tensor>
{
    private readonly PatchEmbedding patch_embed1;
    private readonly PatchEmbedding patch_embed2;
    private readonly PatchEmbedding patch_embed3;
    private readonly PatchEmbedding patch_embed4;
    private readonly ModuleList<ConvolutionBlock> blocks1;
    private readonly ModuleList<ConvolutionBlock> blocks2;
    private readonly ModuleList<AttentionBlock> blocks3;
    private readonly ModuleList<AttentionBlock> blocks4;
    private readonly BatchNorm3d norm;

    public UniFormerEncoder(NetworkPlan plan, int inputChannels = 1, bool recomputation = false)
        : base(nameof(UniFormerEncoder))
    {
        var (widths, depths) = (plan.Widths, plan.Depths);
        patch_embed1 = new PatchEmbedding(inputChannels, widths[0]);
        patch_embed2 = new PatchEmbedding(widths[0], widths[1]);
        patch_embed3 = new PatchEmbedding(widths[1], widths[2]);
        patch_embed4 = new PatchEmbedding(widths[2], widths[3]);
        blocks1 = Convolving(widths[0], depths[0], plan, recomputation);
        blocks2 = Convolving(widths[1], depths[1], plan, recomputation);
        blocks3 = Attending(widths[2], depths[2], plan, recomputation);
        blocks4 = Attending(widths[3], depths[3], plan, recomputation);
        norm = BatchNorm3d(widths[3]);
        RegisterComponents();
    }

    /// <summary>The deepest features x4.</summary>
    /// <param name="volumes">[B, C_in, R, A, S], sides multiples of 16.</param>
    /// <returns>[B, widths[3], S/16, R/16, A/16], contiguous.</returns>
    public override Tensor forward(Tensor volumes)
    {
        using var scope = NewDisposeScope();
        return Features(volumes)[4].contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The permuted input x0 and the stage outputs x1..x4, all [B, C, S', R', A'] and views: inside the encoder the
    /// channels lie together, [B, S', R', A', C].
    /// </summary>
    /// <param name="volumes">[B, C_in, R, A, S], sides multiples of 16.</param>
    public IReadOnlyList<Tensor> Features(Tensor volumes)
    {
        using var scope = NewDisposeScope();
        var x0 = volumes.permute(0, 4, 2, 3, 1);
        var x1 = Apply(blocks1, patch_embed1.call(x0));
        var x2 = Apply(blocks2, patch_embed2.call(x1));
        var x3 = Apply(blocks3, patch_embed3.call(x2));
        var x4 = Apply(blocks4, patch_embed4.call(x3));
        x4 = BatchNormalization.Call(norm, x4.reshape(-1, x4.shape[^1])).reshape(x4.shape);
        return [.. ((Tensor[])[x0, x1, x2, x3, x4]).Select(x => x.permute(0, 4, 1, 2, 3).MoveToOuterDisposeScope())];
    }

    /// <summary>Whether a tensor belongs to the finest stage, up to the embedding into the second.</summary>
    /// <param name="name">Name of the tensor in a network.</param>
    /// <param name="prefix">What the encoder's names begin with there.</param>
    internal static bool IsFirstStage(string name, string prefix) =>
        ((string[])[nameof(patch_embed1), nameof(blocks1), nameof(patch_embed2)]).Any(m => name.StartsWith($"{prefix}{m}.", StringComparison.Ordinal));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var child in children())
            {
                child.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private static ModuleList<ConvolutionBlock> Convolving(int width, int depth, NetworkPlan plan, bool recomputation) =>
        new([.. Enumerable.Range(0, depth).Select(_ => new ConvolutionBlock(width, plan.MlpRatio, recomputation))]);

    private static ModuleList<AttentionBlock> Attending(int width, int depth, NetworkPlan plan, bool recomputation) =>
        new([.. Enumerable.Range(0, depth).Select(_ => new AttentionBlock(width, plan.HeadWidth, plan.MlpRatio, recomputation))]);

    private static Tensor Apply<T>(ModuleList<T> blocks, Tensor x)
        where T : Module<Tensor, Tensor>
    {
        foreach (var block in blocks)
        {
            x = block.call(x);
        }

        return x;
    }
}
