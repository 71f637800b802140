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

    /// <param name="input">[B, C_in, D, H, W], even sides.</param>
    /// <returns>[B, C_out, D/2, H/2, W/2], contiguous.</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var grid = proj.call(input);
        var tokens = norm.call(grid.permute(0, 2, 3, 4, 1));
        return tokens.permute(0, 4, 1, 2, 3).contiguous().MoveToOuterDisposeScope();
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
