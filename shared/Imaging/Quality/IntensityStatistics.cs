using BrainMVP.Federated.Imaging.Transforms;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>Distribution of a volume's values.</summary>
/// <param name="NotFinite">Voxels that are NaN or infinite; all other members leave them out.</param>
/// <param name="NonZero">Part of the voxels that are not 0.</param>
/// <param name="Contrast">(p90 − p10) / (p90 + p10) of the foreground; 0 without one.</param>
internal sealed record IntensityStatistics(double Minimum, double Percentile1, double Percentile99, double Maximum, long NotFinite, double NonZero, double Contrast)
{
    /// <param name="foreground">Null when the volume has values that are not finite.</param>
    public static IntensityStatistics Of(float[] voxels, bool[]? foreground)
    {
        var (finite, nonZero) = (0, 0);
        var values = new float[voxels.Length];
        foreach (var value in voxels)
        {
            nonZero += value != 0 ? 1 : 0;
            if (float.IsFinite(value))
            {
                values[finite++] = value;
            }
        }

        var part = nonZero / (double)voxels.Length;
        var all = values.AsSpan(0, finite);
        return finite == 0
            ? new IntensityStatistics(0, 0, 0, 0, voxels.Length, part, 0)
            : new IntensityStatistics(
                Percentiles.Select(all, 0), Percentiles.Of(all, 1), Percentiles.Of(all, 99), Percentiles.Select(all, finite - 1), voxels.Length - finite, part, ContrastOf(voxels, foreground));
    }

    private static double ContrastOf(float[] voxels, bool[]? foreground)
    {
        var (values, count) = (new float[voxels.Length], 0);
        for (var n = 0; n < voxels.Length && foreground is not null; n++)
        {
            if (foreground[n])
            {
                values[count++] = voxels[n];
            }
        }

        if (count == 0)
        {
            return 0;
        }

        var inside = values.AsSpan(0, count);
        var (low, high) = (Percentiles.Of(inside, 10), Percentiles.Of(inside, 90));
        return high + low <= 0 ? 0 : Math.Clamp((high - low) / (high + low), 0, 1);
    }
}
