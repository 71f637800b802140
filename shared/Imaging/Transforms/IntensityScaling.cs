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
        var low = (float)Percentiles.Of(volume.Voxels, lower);
        var high = (float)Percentiles.Of(volume.Voxels, upper);
        var range = high - low;
        var voxels = new float[volume.Voxels.Length];
        for (var n = 0; n < voxels.Length; n++)
        {
            var value = volume.Voxels[n] - low;
            if (range != 0)
            {
                value /= range;
                value = clip ? Math.Clamp(value, 0f, 1f) : value;
            }

            voxels[n] = value;
        }

        return new Volume(volume.Shape, volume.Affine, voxels);
    }
}
