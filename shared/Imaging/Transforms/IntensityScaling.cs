using System.Numerics;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>
/// Maps two percentiles of a volume, zeros included, to 0 and 1 (MONAI 1.4.0 <c>ScaleIntensityRangePercentiles</c>,
/// one channel, b_min 0, b_max 1). Arithmetic after the percentiles is in float.
/// </summary>
public static class IntensityScaling
{
    /// <param name="volume">No NaN.</param>
    /// <param name="lower">Percentile that becomes 0, 0..100.</param>
    /// <param name="upper">Percentile that becomes 1, 0..100.</param>
    /// <param name="clip">Cut the result to 0..1.</param>
    /// <returns>A new volume; when both percentiles are equal the values are only shifted, never clipped.</returns>
    public static Volume ByPercentiles(Volume volume, double lower, double upper, bool clip)
    {
        var (lowest, highest) = Percentiles.Of(volume.Voxels, lower, upper);
        var (low, high) = ((float)lowest, (float)highest);
        var voxels = GC.AllocateUninitializedArray<float>(volume.Voxels.Length);
        if (high == low)
        {
            Scale(volume.Voxels, voxels, low, 1, clip: false);
        }
        else
        {
            Scale(volume.Voxels, voxels, low, high - low, clip);
        }

        return new Volume(volume.Shape, volume.Affine, voxels);
    }

    private static void Scale(ReadOnlySpan<float> from, Span<float> to, float low, float range, bool clip)
    {
        var (lows, ranges) = (new Vector<float>(low), new Vector<float>(range));
        var n = 0;
        for (; n <= from.Length - Vector<float>.Count; n += Vector<float>.Count)
        {
            var value = (new Vector<float>(from[n..]) - lows) / ranges;
            if (clip)
            {
                // Comparisons instead of minimum and maximum: minus zero stays what it is, as scalar clamping leaves it.
                value = Vector.ConditionalSelect(Vector.LessThan(value, Vector<float>.Zero), Vector<float>.Zero, value);
                value = Vector.ConditionalSelect(Vector.GreaterThan(value, Vector<float>.One), Vector<float>.One, value);
            }

            value.CopyTo(to[n..]);
        }

        for (; n < from.Length; n++)
        {
            var value = (from[n] - low) / range;
            to[n] = clip ? Math.Clamp(value, 0f, 1f) : value;
        }
    }
}
