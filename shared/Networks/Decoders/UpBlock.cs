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

    public override Tensor forward(Tensor input) => transp_conv.call(input);

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
