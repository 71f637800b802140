using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Losses;

/// <summary>The terms of the pre-training objective. They are computed on the device of their arguments.</summary>
public static class PretrainingLosses
{
    /// <summary>Mean squared error over all voxels, masked and visible, and all samples.</summary>
    public static Tensor Reconstruction(Tensor reconstruction, Tensor target) => nn.functional.mse_loss(reconstruction, target);

    /// <summary>The reconstruction error that the plan's <c>training.reconstructionNorm</c> names, over all voxels, masked and visible.</summary>
    /// <param name="reconstruction">[B, ...].</param>
    /// <param name="target">Same shape.</param>
    /// <param name="norm">
    /// <c>mse</c>: mean of the squares. <c>l2</c>: mean over the samples of the Euclidean norm, which is √voxels times
    /// a sample's root mean square and has gradient 0 where both are equal.
    /// </param>
    public static Tensor Reconstruction(Tensor reconstruction, Tensor target, string norm)
    {
        switch (norm)
        {
            case "mse":
                return Reconstruction(reconstruction, target);
            case "l2":
                using (var scope = NewDisposeScope())
                {
                    return (reconstruction - target).flatten(1).norm(1).mean().MoveToOuterDisposeScope();
                }

            default:
                throw new ArgumentException($"Reconstruction norm \"{norm}\" is unknown.", nameof(norm));
        }
    }

    /// <summary>
    /// Symmetric InfoNCE: features are flattened and L2-normalised, logits = f gᵀ / τ, cross entropy with the diagonal
    /// as target in both directions, averaged. ln B for indistinguishable features; 0 for one sample, which has no
    /// negatives.
    /// </summary>
    /// <param name="first">Features of view 1, [B, ...].</param>
    /// <param name="second">Features of view 2, same shape.</param>
    /// <param name="temperature">τ &gt; 0.</param>
    /// <param name="datasets">
    /// Data set of each sample: two samples of the same one are not pushed apart, and a sample left without negatives
    /// adds 0 to the mean over B. Null lets every other sample be a negative.
    /// </param>
    public static Tensor Contrastive(Tensor first, Tensor second, double temperature, IReadOnlyList<string>? datasets = null)
    {
        using var scope = NewDisposeScope();
        var f = nn.functional.normalize(first.flatten(1), dim: 1);
        var g = nn.functional.normalize(second.flatten(1), dim: 1);
        var logits = f.mm(g.t()) / temperature;
        if (datasets is not null)
        {
            // The mask is symmetric, so it holds for both directions.
            logits = logits.masked_fill(SameDataset(datasets, logits.shape[0]).to(logits.device), double.NegativeInfinity);
        }

        var diagonal = arange(logits.shape[0], dtype: ScalarType.Int64, device: logits.device);
        var forward = nn.functional.cross_entropy(logits, diagonal);
        var backward = nn.functional.cross_entropy(logits.t(), diagonal);
        return ((forward + backward) / 2).MoveToOuterDisposeScope();
    }

    /// <summary>[B, B]: true for two different samples of one data set.</summary>
    private static Tensor SameDataset(IReadOnlyList<string> datasets, long samples)
    {
        if (datasets.Count != samples)
        {
            throw new ArgumentException($"{datasets.Count} data set names for {samples} samples.", nameof(datasets));
        }

        var same = new bool[samples * samples];
        for (var i = 0; i < datasets.Count; i++)
        {
            for (var j = 0; j < datasets.Count; j++)
            {
                same[(i * datasets.Count) + j] = i != j && string.Equals(datasets[i], datasets[j], StringComparison.Ordinal);
            }
        }

        return tensor(same).reshape(samples, samples);
    }
}
