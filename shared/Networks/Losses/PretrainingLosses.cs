using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Losses;

/// <summary>The terms of the pre-training objective.</summary>
public static class PretrainingLosses
{
    /// <summary>Mean squared error over all voxels, masked and visible, and all samples.</summary>
    public static Tensor Reconstruction(Tensor reconstruction, Tensor target) => nn.functional.mse_loss(reconstruction, target);

    /// <summary>
    /// Symmetric InfoNCE: features are flattened and L2-normalised, logits = f gᵀ / τ, cross entropy with the diagonal
    /// as target in both directions, averaged. ln B for indistinguishable features; 0 for one sample, which has no
    /// negatives.
    /// </summary>
    /// <param name="first">Features of view 1, [B, ...].</param>
    /// <param name="second">Features of view 2, same shape.</param>
    /// <param name="temperature">τ &gt; 0.</param>
    public static Tensor Contrastive(Tensor first, Tensor second, double temperature)
    {
        using var scope = NewDisposeScope();
        var f = nn.functional.normalize(first.flatten(1), dim: 1);
        var g = nn.functional.normalize(second.flatten(1), dim: 1);
        var logits = f.matmul(g.t()) / temperature;
        var diagonal = arange(logits.shape[0], dtype: ScalarType.Int64);
        var forward = nn.functional.cross_entropy(logits, diagonal);
        var backward = nn.functional.cross_entropy(logits.t(), diagonal);
        return ((forward + backward) / 2).MoveToOuterDisposeScope();
    }
}
