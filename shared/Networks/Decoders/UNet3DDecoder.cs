using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Encoders;
using BrainMVP.Federated.Networks.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Decoders;

/// <summary>
/// Decoder of UNET3D: on each level a 1³ convolution to the next width (<c>up{n}conva</c>), nearest-neighbour
/// upsampling by 2 and a residual block (<c>up{n}convb</c>), at the end a 1³ convolution (<c>up1conv</c>). Downstream
/// the encoder's level is added after the upsampling; in pre-training it is not. Its layers are children of the network
/// that owns it.
/// </summary>
public sealed class UNet3DDecoder
{
    private readonly List<(Conv3d Narrow, ResidualBlock Block)> _levels = [];
    private readonly Conv3d _head;
    private readonly bool _skips;

    /// <param name="plan">Widths of the four levels.</param>
    /// <param name="outputChannels">Channels of the output.</param>
    /// <param name="skips">Add the encoder's levels.</param>
    /// <param name="recomputation">Recompute the blocks of the finest levels in the backward pass.</param>
    /// <param name="register">Makes a layer a child of the owner under its name.</param>
    internal UNet3DDecoder(NetworkPlan plan, int outputChannels, bool skips, bool recomputation, Action<string, Module> register)
    {
        var widths = plan.Widths;
        _skips = skips;
        for (var level = widths.Count - 1; level > 0; level--)
        {
            var narrow = Conv3d(widths[level], widths[level - 1], kernel_size: 1);
            var block = new ResidualBlock(widths[level - 1], recomputation && level <= UNet3DEncoder.RecomputedLevels);
            register($"up{level + 1}conva", narrow);
            register($"up{level + 1}convb", block);
            _levels.Add((narrow, block));
        }

        _head = Conv3d(widths[0], outputChannels, kernel_size: 1);
        register("up1conv", _head);
    }

    /// <param name="levels">The encoder's four levels; only the deepest is used without skips.</param>
    /// <returns>[B, C_out, R, A, S].</returns>
    public Tensor Forward(IReadOnlyList<Tensor> levels)
    {
        using var scope = NewDisposeScope();
        var x = levels[^1];
        for (var step = 0; step < _levels.Count; step++)
        {
            var (narrow, block) = _levels[step];
            x = functional.interpolate(DenseConvolution.Call(narrow, x), scale_factor: [2, 2, 2], mode: InterpolationMode.Nearest);
            x = block.call(_skips ? x.add_(levels[^(step + 2)]) : x);
        }

        return DenseConvolution.Call(_head, x).MoveToOuterDisposeScope();
    }
}
