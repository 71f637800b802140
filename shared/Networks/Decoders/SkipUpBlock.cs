using BrainMVP.Federated.Networks.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Decoders;

/// <summary>
/// Doubles the grid, puts the encoder's features of that grid beside it and convolves both: one level of the
/// segmentation decoder. Keys: <c>transp_conv.conv.weight</c>, <c>conv_block.conv{1,2,3}.conv.weight</c>.
/// </summary>
public sealed class SkipUpBlock : Module<Tensor, Tensor, Tensor>
{
    private readonly Wrapped<ConvTranspose3d> transp_conv;
    private readonly UnetResidualBlock conv_block;

    /// <param name="inputChannels">Channels from below.</param>
    /// <param name="outputChannels">Channels of the skip connection and of the output.</param>
    public SkipUpBlock(int inputChannels, int outputChannels)
        : base(nameof(SkipUpBlock))
    {
        transp_conv = new Wrapped<ConvTranspose3d>(ConvTranspose3d(inputChannels, outputChannels, kernel_size: 2, stride: 2, bias: false));
        conv_block = new UnetResidualBlock(outputChannels * 2, outputChannels);
        RegisterComponents();
    }

    /// <param name="input">[B, C_in, D, H, W].</param>
    /// <param name="skip">[B, C_out, 2D, 2H, 2W].</param>
    /// <returns>[B, C_out, 2D, 2H, 2W].</returns>
    public override Tensor forward(Tensor input, Tensor skip)
    {
        using var scope = NewDisposeScope();
        var doubled = UpBlock.Double(transp_conv.Inner.weight, input);
        var both = CpuKernels.OnCpu(input) ? Grids.OfRows(cat([Grids.Rows(doubled), Grids.Rows(skip)], -1)) : cat([doubled, skip], 1);
        return conv_block.call(both).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            transp_conv.Dispose();
            conv_block.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>
/// LeakyReLU(N(conv3³(LeakyReLU(N(conv3³(x))))) + N(conv1³(x))) with instance normalisation N without parameters, slope
/// 0.01, convolutions without bias.
/// </summary>
public sealed class UnetResidualBlock : Module<Tensor, Tensor>
{
    private readonly Wrapped<Conv3d> conv1;
    private readonly Wrapped<Conv3d> conv2;
    private readonly Wrapped<Conv3d> conv3;

    public UnetResidualBlock(int inputChannels, int outputChannels)
        : base(nameof(UnetResidualBlock))
    {
        conv1 = new Wrapped<Conv3d>(Conv3d(inputChannels, outputChannels, kernel_size: 3, padding: 1, bias: false));
        conv2 = new Wrapped<Conv3d>(Conv3d(outputChannels, outputChannels, kernel_size: 3, padding: 1, bias: false));
        conv3 = new Wrapped<Conv3d>(Conv3d(inputChannels, outputChannels, kernel_size: 1, bias: false));
        RegisterComponents();
    }

    /// <param name="input">[B, C_in, D, H, W].</param>
    /// <returns>[B, C_out, D, H, W].</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();

        var x = RectifiedNormalization.Call(DenseConvolution.Call(conv1.Inner, input));
        return RectifiedNormalization.Call(DenseConvolution.Call(conv2.Inner, x), DenseConvolution.Call(conv3.Inner, input)).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            conv1.Dispose();
            conv2.Dispose();
            conv3.Dispose();
        }

        base.Dispose(disposing);
    }
}
