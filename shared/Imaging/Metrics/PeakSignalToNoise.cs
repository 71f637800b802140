using BrainMVP.Federated.Contracts.Documents;

namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>Peak signal-to-noise ratio of volumes scaled to 0..1.</summary>
public static class PeakSignalToNoise
{
    /// <summary>Largest value, dB: given for a mean squared error of 1e-10 or less, so that an exact copy has a finite one.</summary>
    public const double Maximum = ValidationSum.LargestPsnr;

    /// <summary>10 · log10(1 / mse), dB; negative for errors above the whole range.</summary>
    /// <param name="meanSquaredError">At least 0.</param>
    public static double Of(double meanSquaredError) => Math.Min(Maximum, -10 * Math.Log10(meanSquaredError));
}
