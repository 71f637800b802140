using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Losses;

/// <summary>The terms of the downstream segmentation objective (BrainMVP's published fine-tuning code).</summary>
public static class SegmentationLosses
{
    private const double Smooth = 1;

    /// <summary>
    /// Σ over the supervised scales of (w_d · Σ_k (1 − softDice_k) + w_c · Σ_k BCE_k) / K on sigmoid outputs. A region's
    /// soft Dice is taken over the whole batch, with squared denominators and smooth 1:
    /// (2 Σ p g + 1) / (Σ p² + Σ g² + 1).
    /// </summary>
    /// <param name="scales">Logits [B, K, R, A, S] each, fp32.</param>
    /// <param name="regions">0 or 1, [B, K, R, A, S], fp32.</param>
    /// <param name="diceWeight">w_d, at least 0.</param>
    /// <param name="crossEntropyWeight">w_c, at least 0.</param>
    public static Tensor DiceAndCrossEntropy(IReadOnlyList<Tensor> scales, Tensor regions, double diceWeight, double crossEntropyWeight)
    {
        using var scope = NewDisposeScope();
        var total = zeros([], device: regions.device);
        foreach (var logits in scales)
        {
            total += (SoftDice(logits, regions) * diceWeight) + (nn.functional.binary_cross_entropy_with_logits(logits, regions) * crossEntropyWeight);
        }

        return total.MoveToOuterDisposeScope();
    }

    /// <summary>Mean over the regions of 1 − soft Dice.</summary>
    /// <param name="logits">[B, K, R, A, S].</param>
    /// <param name="regions">Same shape.</param>
    public static Tensor SoftDice(Tensor logits, Tensor regions)
    {
        using var scope = NewDisposeScope();
        long[] all = [0, 2, 3, 4];
        var probabilities = logits.sigmoid();
        var both = (probabilities * regions).sum(all);
        var sizes = probabilities.square().sum(all) + regions.square().sum(all);
        return (1 - (((both * 2) + Smooth) / (sizes + Smooth))).mean().MoveToOuterDisposeScope();
    }

    /// <summary>Mean squared difference of the encoder's features of two copies of the same crops.</summary>
    /// <param name="features">[2B, ...]: the first copies, then the second.</param>
    public static Tensor Consistency(Tensor features)
    {
        using var scope = NewDisposeScope();
        var copies = features.chunk(2);
        return nn.functional.mse_loss(copies[0], copies[1]).MoveToOuterDisposeScope();
    }
}
