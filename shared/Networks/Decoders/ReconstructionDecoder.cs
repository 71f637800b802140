using BrainMVP.Federated.Contracts.Plans;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Decoders;

/// <summary>
/// Four transposed convolutions of kernel 2, stride 2 without bias and a 1³ convolution, nothing in between: one
/// affine map from each x4 voxel to its own 16³ voxels. Only the parts that pre-training moves exist; with widths
/// 64/128/320/512 they are 1,736,769 parameters. Field names are the state-dictionary keys.
/// </summary>
public sealed class ReconstructionDecoder : Module<Tensor, Tensor>
{
    private readonly UpBlock decoder5;
    private readonly UpBlock decoder4;
    private readonly UpBlock decoder3;
    private readonly UpBlock decoder2;
    private readonly OutputBlock out_1;

    public ReconstructionDecoder(NetworkPlan plan, int outputChannels = 1)
        : base(nameof(ReconstructionDecoder))
    {
        var widths = plan.Widths;
        decoder5 = new UpBlock(widths[3], widths[2]);
        decoder4 = new UpBlock(widths[2], widths[1]);
        decoder3 = new UpBlock(widths[1], widths[0]);
        decoder2 = new UpBlock(widths[0], widths[0]);
        out_1 = new OutputBlock(widths[0], outputChannels);
        RegisterComponents();
    }

    /// <param name="features">x4 of the encoder, [B, C, S/16, R/16, A/16].</param>
    /// <returns>[B, 1, R, A, S].</returns>
    public override Tensor forward(Tensor features)
    {
        using var scope = NewDisposeScope();
        var x = features.permute(0, 1, 3, 4, 2).contiguous();
        x = decoder2.call(decoder3.call(decoder4.call(decoder5.call(x))));
        return out_1.call(x).MoveToOuterDisposeScope();
    }

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
}
