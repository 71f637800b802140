using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// Halves the grid: convolution of kernel 2, stride 2 without padding, then layer normalisation over the channels.
/// Field names are the state-dictionary keys.
/// </summary>
public sealed class PatchEmbedding : Module<Tensor, Tensor>
{
    private readonly Conv3d proj;
    private readonly LayerNorm norm;

    public PatchEmbedding(int inputChannels, int outputChannels)
        : base(nameof(PatchEmbedding))
    {
        proj = Conv3d(inputChannels, outputChannels, kernel_size: 2, stride: 2);
        norm = LayerNorm(outputChannels, eps: 1e-5);
        RegisterComponents();
    }

    /// <summary>
    /// Kernel and stride are equal, so each output voxel sees its own 2³ voxels: they are put together in one row and the
    /// convolution is one matrix product, whose rows the normalisation takes as they are.
    /// </summary>
    /// <param name="input">[B, D, H, W, C_in], even sides.</param>
    /// <returns>[B, D/2, H/2, W/2, C_out].</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var (batch, depth, height, width, channels) = (input.shape[0], input.shape[1] / 2, input.shape[2] / 2, input.shape[3] / 2, input.shape[4]);
        var rows = input.reshape(batch, depth, 2, height, 2, width, 2, channels)
            .permute(0, 1, 3, 5, 2, 4, 6, 7)
            .reshape(-1, 8 * channels);
        var weight = proj.weight.permute(0, 2, 3, 4, 1).flatten(1);
        var tokens = LayerNormalization.Call(norm, functional.linear(rows, weight, proj.bias));
        return tokens.reshape(batch, depth, height, width, -1).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            proj.Dispose();
            norm.Dispose();
        }

        base.Dispose(disposing);
    }
}
