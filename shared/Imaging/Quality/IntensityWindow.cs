using BrainMVP.Federated.Imaging.Transforms;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>A range of intensities cut into bins; what lies outside counts to the first or last.</summary>
internal readonly record struct IntensityWindow(float Low, float PerUnit, int Bins)
{
    /// <summary>Range from the 1st to the 99th percentile, so that a few bright vessels do not squeeze all tissue into one bin.</summary>
    /// <param name="values">No NaN; may be empty.</param>
    public static IntensityWindow Robust(ReadOnlySpan<float> values, int bins)
    {
        if (values.Length == 0)
        {
            return new IntensityWindow(0, 0, bins);
        }

        var (low, high) = ((float)Percentiles.Of(values, 1), (float)Percentiles.Of(values, 99));
        return new IntensityWindow(low, high > low ? bins / (high - low) : 0, bins);
    }

    public int Bin(float value) => Math.Clamp((int)((value - Low) * PerUnit), 0, Bins - 1);
}
