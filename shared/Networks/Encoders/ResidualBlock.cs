using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Kernels;
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

    private readonly bool _recomputation;

    /// <param name="channels">A multiple of <see cref="Groups"/>.</param>
    /// <param name="recomputation">Run again in the backward pass instead of keeping what lies inside.</param>
    public ResidualBlock(int channels, bool recomputation = false)
        : base(nameof(ResidualBlock))
    {
        _recomputation = recomputation;
        gn1 = GroupNorm(Groups, channels);
        conv1 = Conv3d(channels, channels, kernel_size: 3, padding: 1);
        gn2 = GroupNorm(Groups, channels);
        conv2 = Conv3d(channels, channels, kernel_size: 3, padding: 1);
        RegisterComponents();
    }

    /// <param name="input">[B, C, D, H, W].</param>
    /// <returns>Same shape.</returns>
    public override Tensor forward(Tensor input) => _recomputation ? Recomputation.Call(Run, input, parameters()) : Run(input);

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

    private Tensor Run(Tensor input)
    {
        using var scope = NewDisposeScope();

        // Normalisations do not need their output again, so it is rectified in place.
        var x = DenseConvolution.Call(conv1, functional.relu(gn1.call(input), inplace: true));
        x = DenseConvolution.Call(conv2, functional.relu(gn2.call(x), inplace: true));
        return x.add_(input).MoveToOuterDisposeScope();
    }
}
