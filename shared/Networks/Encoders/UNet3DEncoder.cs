using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// Encoder of UNET3D: a 3³ convolution, then four levels of residual blocks with a 3³ convolution of stride 2 between
/// them. Level n is <c>conv{n}a</c>, <c>conv{n}b</c>, …, where <c>conv1a</c> is the first convolution; <c>ds{n}</c>
/// leads from level n to the next. Not a module of its own: the published keys have no prefix, so its layers are
/// children of the network that owns it.
/// </summary>
public sealed class UNet3DEncoder
{
    /// <summary>
    /// Levels whose blocks are recomputed, counted from the finest: they hold nine tenths of the memory, and the deeper
    /// ones would cost as much time again.
    /// </summary>
    internal const int RecomputedLevels = 2;

    private readonly Conv3d _stem;
    private readonly List<Conv3d> _down = [];
    private readonly List<List<ResidualBlock>> _levels = [];

    /// <param name="plan">Widths and depths of the four levels.</param>
    /// <param name="inputChannels">Channels of a volume.</param>
    /// <param name="recomputation">Recompute the blocks of the finest levels in the backward pass.</param>
    /// <param name="register">Makes a layer a child of the owner under its name.</param>
    internal UNet3DEncoder(NetworkPlan plan, int inputChannels, bool recomputation, Action<string, Module> register)
    {
        var (widths, depths) = (plan.Widths, plan.Depths);
        _stem = Conv3d(inputChannels, widths[0], kernel_size: 3, padding: 1);
        register("conv1a", _stem);
        for (var level = 0; level < widths.Count; level++)
        {
            var blocks = new List<ResidualBlock>();
            for (var block = 0; block < depths[level]; block++)
            {
                blocks.Add(new ResidualBlock(widths[level], recomputation && level < RecomputedLevels));
                register($"conv{level + 1}{Letter(level == 0 ? block + 1 : block)}", blocks[^1]);
            }

            _levels.Add(blocks);
            if (level + 1 < widths.Count)
            {
                _down.Add(Conv3d(widths[level], widths[level + 1], kernel_size: 3, stride: 2, padding: 1));
                register($"ds{level + 1}", _down[^1]);
            }
        }
    }

    /// <summary>The outputs of the four levels: [B, C, R, A, S] and its halvings.</summary>
    /// <param name="volumes">[B, C_in, R, A, S], sides multiples of 8.</param>
    public IReadOnlyList<Tensor> Features(Tensor volumes)
    {
        using var scope = NewDisposeScope();
        var outputs = new List<Tensor>();
        var x = DenseConvolution.Call(_stem, volumes);
        for (var level = 0; level < _levels.Count; level++)
        {
            foreach (var block in _levels[level])
            {
                x = block.call(x);
            }

            outputs.Add(x.MoveToOuterDisposeScope());
            x = level < _down.Count ? DenseConvolution.Call(_down[level], x) : x;
        }

        return outputs;
    }

    /// <summary>a, b, …, z, za, zb, …: the published network needs four.</summary>
    /// <summary>Whether a tensor belongs to the finest level, up to the convolution into the second; by its name.</summary>
    internal static bool IsFirstStage(string name) => name.StartsWith("conv1", StringComparison.Ordinal) || name.StartsWith("ds1.", StringComparison.Ordinal);

    private static string Letter(int index) => index < 26 ? $"{(char)('a' + index)}" : $"z{Letter(index - 26)}";
}
