using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// Block of UNET3D: x + conv3³(ReLU(GN(conv3³(ReLU(GN(x)))))), eight groups, convolutions with bias. All shapes
/// [B, C, D, H, W]. Field names are the state-dictionary keys.
/// </summary>
public sealed class ResidualBlock : Module<Tensor, Tensor>
{
    /// <summary>Groups of a normalisation; widths are multiples of it.</summary>
    public const int Groups = 8;

    private readonly GroupNorm gn1;
    private readonly Conv3d conv1;
    private readonly GroupNorm gn2;
    private readonly Conv3d conv2;

    public ResidualBlock(int channels)
        : base(nameof(ResidualBlock))
    {
        gn1 = GroupNorm(Groups, channels);
        conv1 = Conv3d(channels, channels, kernel_size: 3, padding: 1);
        gn2 = GroupNorm(Groups, channels);
        conv2 = Conv3d(channels, channels, kernel_size: 3, padding: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = conv1.call(functional.relu(gn1.call(input)));
        x = conv2.call(functional.relu(gn2.call(x)));
        return (input + x).MoveToOuterDisposeScope();
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
