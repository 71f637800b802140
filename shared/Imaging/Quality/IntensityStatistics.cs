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
        var finite = Array.TrueForAll(voxels, float.IsFinite) ? voxels : Array.FindAll(voxels, float.IsFinite);
        var nonZero = voxels.LongCount(v => v != 0) / (double)voxels.Length;
        if (finite.Length == 0)
        {
            return new IntensityStatistics(0, 0, 0, 0, voxels.Length, nonZero, 0);
        }

        return new IntensityStatistics(
            finite.Min(), Percentiles.Of(finite, 1), Percentiles.Of(finite, 99), finite.Max(), voxels.Length - finite.Length, nonZero, ContrastOf(voxels, foreground));
    }

    private static double ContrastOf(float[] voxels, bool[]? foreground)
    {
        var values = foreground is null ? [] : voxels.Where((_, n) => foreground[n]).ToArray();
        if (values.Length == 0)
        {
            return 0;
        }

        var (low, high) = (Percentiles.Of(values, 10), Percentiles.Of(values, 90));
        return high + low <= 0 ? 0 : Math.Clamp((high - low) / (high + low), 0, 1);
    }
}
