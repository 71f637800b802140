using BrainMVP.Federated.Contracts.Plans;
using static BrainMVP.Federated.Training.Interchange.LayerTensors;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>
/// Keys and shapes of the published UniFormer pre-training model: encoder under <c>encoder.uniformer.</c> (here
/// <c>encoder.</c>) and decoder. The decoder's inner blocks and <c>proj1</c> exist there for later fine-tuning and are
/// never reached in pre-training.
/// </summary>
internal static class UniFormerLayout
{
    public static IEnumerable<PublishedTensor> Tensors(NetworkPlan plan) => [.. Encoder(plan), .. Decoder(plan)];

    private static IEnumerable<PublishedTensor> Encoder(NetworkPlan plan)
    {
        long[] widths = [.. plan.Widths];
        for (var stage = 0; stage < 4; stage++)
        {
            var (key, name) = Names($"patch_embed{stage + 1}.");
            foreach (var tensor in Weighted(key + "proj", name + "proj", widths[stage], stage == 0 ? 1 : widths[stage - 1], 2, 2, 2).Concat(Weighted(key + "norm", name + "norm", widths[stage])))
            {
                yield return tensor;
            }
        }

        for (var stage = 0; stage < 4; stage++)
        {
            for (var block = 0; block < plan.Depths[stage]; block++)
            {
                var (key, name) = Names($"blocks{stage + 1}.{block}.");
                foreach (var tensor in stage < 2 ? Convolving(key, name, widths[stage], plan.MlpRatio) : Attending(key, name, widths[stage], plan.MlpRatio))
                {
                    yield return tensor;
                }
            }
        }

        foreach (var tensor in BatchNorm("encoder.uniformer.norm", "encoder.norm", widths[3]))
        {
            yield return tensor;
        }
    }

    private static IEnumerable<PublishedTensor> Convolving(string key, string name, long width, long ratio) =>
    [
        .. Weighted(key + "pos_embed", name + "pos_embed", width, 1, 3, 3, 3),
        .. BatchNorm(key + "norm1", name + "norm1", width),
        .. Weighted(key + "conv1", name + "conv1", width, width, 1, 1, 1),
        .. Weighted(key + "conv2", name + "conv2", width, width, 1, 1, 1),
        .. Weighted(key + "attn", name + "attn", width, 1, 5, 5, 5),
        .. BatchNorm(key + "norm2", name + "norm2", width),
        .. Weighted(key + "mlp.fc1", name + "mlp.fc1", ratio * width, width, 1, 1, 1),
        .. Weighted(key + "mlp.fc2", name + "mlp.fc2", width, ratio * width, 1, 1, 1),
    ];

    private static IEnumerable<PublishedTensor> Attending(string key, string name, long width, long ratio) =>
    [
        .. Weighted(key + "pos_embed", name + "pos_embed", width, 1, 3, 3, 3),
        .. Weighted(key + "norm1", name + "norm1", width),
        .. Weighted(key + "attn.qkv", name + "attn.qkv", 3 * width, width),
        .. Weighted(key + "attn.proj", name + "attn.proj", width, width),
        .. Weighted(key + "norm2", name + "norm2", width),
        .. Weighted(key + "mlp.fc1", name + "mlp.fc1", ratio * width, width),
        .. Weighted(key + "mlp.fc2", name + "mlp.fc2", width, ratio * width),
    ];

    private static IEnumerable<PublishedTensor> Decoder(NetworkPlan plan)
    {
        long[] widths = [.. plan.Widths];
        var levels = new (int Level, long From, long To)[] { (5, widths[3], widths[2]), (4, widths[2], widths[1]), (3, widths[1], widths[0]), (2, widths[0], widths[0]) };
        IEnumerable<PublishedTensor> tensors =
        [
            .. Inactive("decoder.proj1.proj", widths[0], 1, 3, 3, 3),
            .. Inactive("decoder.proj1.norm", widths[0]),
            .. levels.SelectMany(l => Up($"decoder.decoder{l.Level}.", l.From, l.To)),
            .. Weighted("decoder.out_1.conv.conv", "decoder.out_1.conv.conv", 1, widths[0], 1, 1, 1),
        ];
        return tensors;
    }

    /// <summary>A transposed convolution, and the residual block on it and a skip connection, without biases.</summary>
    private static IEnumerable<PublishedTensor> Up(string key, long from, long to) =>
    [
        Trained(key + "transp_conv.conv.weight", key + "transp_conv.conv.weight", from, to, 2, 2, 2),
        Still(key + "conv_block.conv1.conv.weight", to, 2 * to, 3, 3, 3),
        Still(key + "conv_block.conv2.conv.weight", to, to, 3, 3, 3),
        Still(key + "conv_block.conv3.conv.weight", to, 2 * to, 1, 1, 1),
    ];

    private static IEnumerable<PublishedTensor> Inactive(string key, params long[] weight) => [Still(key + ".weight", weight), Still(key + ".bias", weight[0])];

    private static PublishedTensor Still(string key, params long[] shape) => new(key, key, "F32", shape, TensorRole.Inactive);

    private static (string Key, string Name) Names(string rest) => ("encoder.uniformer." + rest, "encoder." + rest);
}
