using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>What the distance is where a mask is empty.</summary>
public enum EmptyMask
{
    /// <summary>
    /// As MONAI 1.4.0: percentile variant NaN; plain variant infinite for one empty mask and NaN for two. NaN is left out
    /// of means, so missed regions do not count: report how many there were.
    /// </summary>
    Monai,

    /// <summary>
    /// As the BraTS evaluation: 0 for two empty masks, <see cref="HausdorffDistance.BratsMissing"/> for one, whether the
    /// region was missed or invented.
    /// </summary>
    Brats,
}

/// <summary>
/// Hausdorff distance between the surfaces of two masks, symmetric: the larger of both directions, each reduced to its
/// own percentile (MONAI 1.4.0; not the percentile of the pooled distances).
/// </summary>
public static class HausdorffDistance
{
    /// <summary>BraTS's value for a region that only one mask has: the diagonal of 240x240x155 voxels of 1 mm.</summary>
    public const double BratsMissing = 373.13;

    /// <summary>HD95: 95 per cent of each surface lie within this distance of the other (see <see cref="Of"/>).</summary>
    public static double At95(ReadOnlySpan<bool> prediction, ReadOnlySpan<bool> truth, VolumeShape shape, (double I, double J, double K) spacing, EmptyMask empty) =>
        Of(prediction, truth, shape, spacing, empty, 95);

    /// <summary>The plain distance, or that of any percentile.</summary>
    /// <param name="prediction">C order.</param>
    /// <param name="truth">C order, the same shape.</param>
    /// <param name="shape">Shape of both.</param>
    /// <param name="spacing">Voxel sizes, above 0: millimetres, or 1 for a distance in voxels.</param>
    /// <param name="empty">Convention for empty masks.</param>
    /// <param name="percent">0..100, linear between ranks; null for the plain distance, the largest.</param>
    /// <returns>At least 0, in the unit of the spacing.</returns>
    public static double Of(
        ReadOnlySpan<bool> prediction, ReadOnlySpan<bool> truth, VolumeShape shape, (double I, double J, double K) spacing, EmptyMask empty, double? percent = null)
    {
        if (prediction.Length != shape.Count || truth.Length != shape.Count)
        {
            throw new ArgumentException($"{prediction.Length} and {truth.Length} voxels do not fill {shape}.", nameof(shape));
        }

        var missing = (prediction.Contains(true) ? 0 : 1) + (truth.Contains(true) ? 0 : 1);
        if (missing > 0)
        {
            return (empty, missing) switch
            {
                (EmptyMask.Brats, 1) => BratsMissing,
                (EmptyMask.Brats, _) => 0,
                (_, 1) when percent is null => double.PositiveInfinity,
                _ => double.NaN,
            };
        }

        var (forth, back) = Surface.Distances(prediction, truth, shape, spacing);
        return Math.Max(Reduce(forth, percent), Reduce(back, percent));
    }

    private static double Reduce(double[] distances, double? percent)
    {
        Array.Sort(distances);
        return percent is { } p ? SortedPercentile.Of(distances, p) : distances[^1];
    }
}
