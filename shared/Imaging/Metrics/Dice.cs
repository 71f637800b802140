namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>What Dice is where the true mask is empty.</summary>
public enum EmptyTruth
{
    /// <summary>NaN, left out of means (MONAI 1.4.0, ignore_empty true, its default).</summary>
    Undefined,

    /// <summary>
    /// 1 if the prediction is empty too, else 0 (MONAI's ignore_empty false, BrainMVP's own test metric and the BraTS
    /// evaluation: one value under three names).
    /// </summary>
    Scored,
}

/// <summary>Dice similarity of two masks, 2·|P∩G| / (|P| + |G|).</summary>
public static class Dice
{
    /// <param name="prediction">One element a voxel.</param>
    /// <param name="truth">The same voxels.</param>
    /// <param name="emptyTruth">Value where no voxel of the truth is set.</param>
    /// <returns>0..1, or NaN.</returns>
    public static double Of(ReadOnlySpan<bool> prediction, ReadOnlySpan<bool> truth, EmptyTruth emptyTruth)
    {
        if (prediction.Length != truth.Length)
        {
            throw new ArgumentException($"Masks of {prediction.Length} and {truth.Length} voxels cannot be compared.", nameof(truth));
        }

        int predicted = 0, real = 0, both = 0;
        for (var n = 0; n < truth.Length; n++)
        {
            predicted += prediction[n] ? 1 : 0;
            real += truth[n] ? 1 : 0;
            both += prediction[n] & truth[n] ? 1 : 0;
        }

        return real > 0 ? 2.0 * both / ((double)predicted + real)
            : emptyTruth == EmptyTruth.Undefined ? double.NaN
            : predicted == 0 ? 1 : 0;
    }
}
