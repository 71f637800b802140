using BrainMVP.Federated.Contracts.Plans;
using static BrainMVP.Federated.Training.Interchange.LayerTensors;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>Keys and shapes of the published UNET3D pre-training model. All of it is trained; names here are the keys.</summary>
internal static class UNet3DLayout
{
    public static IEnumerable<PublishedTensor> Tensors(NetworkPlan plan)
    {
        long[] widths = [.. plan.Widths];
        var tensors = new List<PublishedTensor>(Layer("conv1a", widths[0], 1, 3, 3, 3));
        for (var level = 0; level < 4; level++)
        {
            for (var block = 0; block < plan.Depths[level]; block++)
            {
                // conv1a is the first convolution, so the first level's blocks begin with b.
                tensors.AddRange(Block($"conv{level + 1}{Letter(level == 0 ? block + 1 : block)}", widths[level]));
            }

            if (level < 3)
            {
                tensors.AddRange(Layer($"ds{level + 1}", widths[level + 1], widths[level], 3, 3, 3));
            }
        }

        for (var level = 3; level > 0; level--)
        {
            tensors.AddRange(Layer($"up{level + 1}conva", widths[level - 1], widths[level], 1, 1, 1));
            tensors.AddRange(Block($"up{level + 1}convb", widths[level - 1]));
        }

        tensors.AddRange(Layer("up1conv", 1, widths[0], 1, 1, 1));
        return tensors;
    }

    private static IEnumerable<PublishedTensor> Block(string key, long width) =>
    [
        .. Layer(key + ".gn1", width),
        .. Layer(key + ".conv1", width, width, 3, 3, 3),
        .. Layer(key + ".gn2", width),
        .. Layer(key + ".conv2", width, width, 3, 3, 3),
    ];

    private static IEnumerable<PublishedTensor> Layer(string key, params long[] weight) => Weighted(key, key, weight);

    /// <summary>a … z, then za, zb and so on, as the network names its blocks.</summary>
    private static string Letter(int index) => index < 26 ? $"{(char)('a' + index)}" : $"z{Letter(index - 26)}";
}
