using BrainMVP.Federated.Networks.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Decoders;

/// <summary>Doubles the grid. Key: <c>transp_conv.conv.weight</c> [C_in, C_out, 2, 2, 2].</summary>
public sealed class UpBlock : Module<Tensor, Tensor>
{
    private readonly Wrapped<ConvTranspose3d> transp_conv;

    public UpBlock(int inputChannels, int outputChannels)
        : base(nameof(UpBlock))
    {
        transp_conv = new Wrapped<ConvTranspose3d>(ConvTranspose3d(inputChannels, outputChannels, kernel_size: 2, stride: 2, bias: false));
        RegisterComponents();
    }

    /// <summary>[C_in, C_out, 2, 2, 2].</summary>
    internal Tensor Weight => transp_conv.Inner.weight;

    /// <param name="input">[B, C_in, D, H, W].</param>
    /// <returns>[B, C_out, 2D, 2H, 2W].</returns>
    public override Tensor forward(Tensor input) => Double(Weight, input);

    /// <summary>
    /// Kernel and stride are equal, so each voxel makes its own 2³ voxels: one matrix product, which is several times
    /// faster on the CPU than the library's transposed convolution.
    /// </summary>
    /// <param name="weight">[C_in, C_out, 2, 2, 2].</param>
    /// <param name="input">[B, C_in, D, H, W].</param>
    /// <returns>[B, C_out, 2D, 2H, 2W].</returns>
    internal static Tensor Double(Tensor weight, Tensor input)
    {
        using var scope = NewDisposeScope();
        var (batch, output) = (input.shape[0], weight.shape[1]);
        var (depth, height, width) = (input.shape[2], input.shape[3], input.shape[4]);
        var voxels = input.permute(0, 2, 3, 4, 1).reshape(-1, input.shape[1]);
        if (CpuKernels.OnCpu(input))
        {
            // As the convolutions take and leave them: the channels together.
            var rows = voxels.mm(weight.permute(0, 2, 3, 4, 1).reshape(weight.shape[0], 8 * output))
                .reshape(batch, depth, height, width, 2, 2, 2, output)
                .permute(0, 1, 4, 2, 5, 3, 6, 7)
                .reshape(batch, depth * 2, height * 2, width * 2, output);
            return Grids.OfRows(rows).MoveToOuterDisposeScope();
        }

        return voxels.mm(weight.reshape(weight.shape[0], output * 8))
            .reshape(batch, depth, height, width, output, 2, 2, 2)
            .permute(0, 4, 1, 5, 2, 6, 3, 7)
            .reshape(batch, output, depth * 2, height * 2, width * 2)
            .MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            transp_conv.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>1³ convolution to the output channels. Keys: <c>conv.conv.weight</c>, <c>conv.conv.bias</c>.</summary>
public sealed class OutputBlock : Module<Tensor, Tensor>
{
    private readonly Wrapped<Conv3d> conv;

    public OutputBlock(int inputChannels, int outputChannels)
        : base(nameof(OutputBlock))
    {
        conv = new Wrapped<Conv3d>(Conv3d(inputChannels, outputChannels, kernel_size: 1));
        RegisterComponents();
    }

    /// <summary>[C_out, C_in, 1, 1, 1].</summary>
    internal Tensor Weight => conv.Inner.weight;

    /// <summary>[C_out].</summary>
    internal Tensor Bias => conv.Inner.bias!;

    public override Tensor forward(Tensor input) => DenseConvolution.Call(conv.Inner, input);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            conv.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Adds one level named <c>conv</c> to the keys, as published checkpoints have it.</summary>
internal sealed class Wrapped<T> : Module<Tensor, Tensor>
    where T : Module<Tensor, Tensor>
{
    private readonly T conv;

    public Wrapped(T inner)
        : base("Wrapped")
    {
        conv = inner;
        RegisterComponents();
    }

    public T Inner => conv;

    public override Tensor forward(Tensor input) => conv.call(input);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            conv.Dispose();
        }

        base.Dispose(disposing);
    }
}
