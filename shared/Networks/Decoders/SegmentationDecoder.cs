using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Encoders;
using BrainMVP.Federated.Networks.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Decoders;

/// <summary>
/// Decoder of UniUnet: four levels that take the encoder's x3, x2, x1 and the projected input as skip connections, and a
/// 1³ convolution to the classes. The transposed convolutions have the keys of the reconstruction decoder, so
/// pre-trained ones load by name.
/// </summary>
public sealed class SegmentationDecoder : Module<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>>
{
    private readonly InputProjection proj1;
    private readonly SkipUpBlock decoder5;
    private readonly SkipUpBlock decoder4;
    private readonly SkipUpBlock decoder3;
    private readonly SkipUpBlock decoder2;
    private readonly OutputBlock @out;

    public SegmentationDecoder(NetworkPlan plan, int inputChannels, int classes)
        : base(nameof(SegmentationDecoder))
    {
        var widths = plan.Widths;
        proj1 = new InputProjection(inputChannels, widths[0]);
        decoder5 = new SkipUpBlock(widths[3], widths[2]);
        decoder4 = new SkipUpBlock(widths[2], widths[1]);
        decoder3 = new SkipUpBlock(widths[1], widths[0]);
        decoder2 = new SkipUpBlock(widths[0], widths[0]);
        @out = new OutputBlock(widths[0], classes);
        RegisterComponents();
    }

    /// <param name="features">x0..x4 of the encoder, [B, C, S', R', A'].</param>
    /// <returns>Outputs of decoder4 and decoder3 and the logits: [B, C, R/4, A/4, S/4], [B, C, R/2, A/2, S/2], [B, K, R, A, S].</returns>
    public override IReadOnlyList<Tensor> forward(IReadOnlyList<Tensor> features)
    {
        using var scope = NewDisposeScope();

        // The input is projected in the encoder's order of the axes, which its trained kernel depends on.
        var x = features.Select((f, level) => Turn(level == 0 ? proj1.call(f) : f)).ToArray();
        var level4 = decoder4.call(decoder5.call(x[4], x[3]), x[2]);
        var level3 = decoder3.call(level4, x[1]);
        var logits = @out.call(decoder2.call(level3, x[0]));
        return [level4.MoveToOuterDisposeScope(), level3.MoveToOuterDisposeScope(), logits.MoveToOuterDisposeScope()];
    }

    /// <summary>[B, C, S, R, A] to [B, C, R, A, S], the channels together on the CPU.</summary>
    private static Tensor Turn(Tensor grid) => CpuKernels.OnCpu(grid)
        ? Grids.OfRows(grid.permute(0, 3, 4, 2, 1).contiguous())
        : grid.permute(0, 1, 3, 4, 2).contiguous();

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

/// <summary>3³ convolution of the input volume, then layer normalisation over the channels. Keys: <c>proj</c>, <c>norm</c>.</summary>
public sealed class InputProjection : Module<Tensor, Tensor>
{
    private readonly Conv3d proj;
    private readonly LayerNorm norm;

    public InputProjection(int inputChannels, int outputChannels)
        : base(nameof(InputProjection))
    {
        proj = Conv3d(inputChannels, outputChannels, kernel_size: 3, padding: 1);
        norm = LayerNorm(outputChannels, eps: 1e-5);
        RegisterComponents();
    }

    /// <param name="volumes">[B, C_in, S, R, A].</param>
    /// <returns>[B, C_out, S, R, A].</returns>
    public override Tensor forward(Tensor volumes)
    {
        using var scope = NewDisposeScope();
        return Grids.OfRows(LayerNormalization.Call(norm, Grids.Rows(DenseConvolution.Call(proj, volumes)))).MoveToOuterDisposeScope();
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
