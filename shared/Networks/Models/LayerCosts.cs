using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Encoders;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>
/// Multiply-accumulate operations layer by layer. A convolution costs its weights once for each output voxel (a
/// transposed one of stride 2 for each input voxel), a linear layer for each token, self-attention twice the tokens
/// squared times the channels. Where a layer works follows from its name. Counted is the network as it is published:
/// merging the decoder's last levels saves most of their part.
/// </summary>
internal static class LayerCosts
{
    public static IReadOnlyList<ModelPart> Parts(Module model, NetworkPlan network, IReadOnlyList<int> crop)
    {
        var parts = new List<ModelPart>();
        foreach (var (path, module) in model.named_modules())
        {
            var own = module.named_parameters().Where(p => !p.name.Contains('.', StringComparison.Ordinal)).Sum(p => p.parameter.numel());
            if (own == 0 && module is not SelfAttention)
            {
                continue;
            }

            var (name, halvings) = network.Backbone == Backbones.UNet3D ? UNet3D(path) : UniFormer(path);
            var positions = crop.Aggregate(1L, (voxels, side) => voxels * (side >> halvings));
            var products = module switch
            {
                Conv3d layer => layer.weight.numel() * positions,
                ConvTranspose3d layer => layer.weight.numel() * positions,
                Linear layer => layer.weight!.numel() * positions,
                SelfAttention => 2 * positions * positions * network.Widths[halvings - 1],
                _ => 0,
            };
            var repeated = Repeats(path, network.Backbone) ? products : 0;
            parts.Add(new ModelPart(name, own, products, repeated));
        }

        return
        [
            .. parts.GroupBy(p => p.Name)
                .Select(g => new ModelPart(g.Key, g.Sum(p => p.Parameters), g.Sum(p => p.Products), g.Sum(p => p.RepeatedProducts)))
                .OrderBy(p => Position(p.Name)),
        ];
    }

    /// <summary>Part of a layer, and how often the crop is halved where the layer is applied.</summary>
    private static (string Name, int Halvings) UniFormer(string path)
    {
        var names = path.Split('.');
        var digit = names[1][^1] - '0';
        return names[1] switch
        {
            _ when names[1].StartsWith("patch_embed", StringComparison.Ordinal) || names[1].StartsWith("blocks", StringComparison.Ordinal) => ($"encoder.stage{digit}", digit),
            "norm" => ("encoder.norm", 4),
            "out_1" => ("decoder.out_1", 0),
            _ => ("decoder." + names[1], digit - 1),
        };
    }

    private static (string Name, int Halvings) UNet3D(string path)
    {
        var name = path.Split('.')[0];
        var level = name.First(char.IsAsciiDigit) - '0';
        return name switch
        {
            // Narrowed before the upsampling, convolved after it.
            _ when name.StartsWith("up", StringComparison.Ordinal) && name.EndsWith('b') => (name, level - 2),
            _ when name.StartsWith("ds", StringComparison.Ordinal) => (name, level),
            _ => (name, level - 1),
        };
    }

    /// <summary>Place in the forward pass: down the levels, the last normalisation, up the levels.</summary>
    private static (int Level, string Layer) Position(string name)
    {
        var level = name.FirstOrDefault(char.IsAsciiDigit, '0') - '0';
        return name switch
        {
            "encoder.norm" => (5, name),
            "decoder.out_1" => (20, name),
            _ when name.StartsWith("decoder", StringComparison.Ordinal) || name.StartsWith("up", StringComparison.Ordinal) => (19 - level, name),
            _ => (level, name),
        };
    }

    /// <summary>Whether recomputation does this layer again.</summary>
    private static bool Repeats(string path, string backbone)
    {
        if (backbone == Backbones.UNet3D)
        {
            var name = path.Split('.')[0];
            var level = name.First(char.IsAsciiDigit) - '0';
            return path.Contains('.', StringComparison.Ordinal)
                && (name.StartsWith("up", StringComparison.Ordinal) ? level - 1 : level) <= UNet3DEncoder.RecomputedLevels;
        }

        // The mixing half of the convolving blocks, and the first feed-forward layer of all blocks.
        var convolving = path.StartsWith("encoder.blocks1.", StringComparison.Ordinal) || path.StartsWith("encoder.blocks2.", StringComparison.Ordinal);
        return path.EndsWith(".mlp.fc1", StringComparison.Ordinal) || (convolving && !path.Contains(".mlp", StringComparison.Ordinal));
    }
}
