namespace BrainMVP.Federated.Contracts.Documents;

/// <summary>Validation sums of one view over a site's fixed held-out crops of volumes scaled to 0..1.</summary>
/// <param name="SquaredError">Sum of squared reconstruction errors over all voxels, masked and visible.</param>
/// <param name="Voxels">Voxels summed over: those of all crops.</param>
/// <param name="Crops">Crops that the next two are summed over.</param>
/// <param name="Psnr">Sum of the crops' peak signal-to-noise ratios, dB, each at most <see cref="LargestPsnr"/>.</param>
/// <param name="Ssim">Sum of the crops' structural similarities, each −1..1.</param>
public sealed record ValidationSum(double SquaredError, long Voxels, long Crops, double Psnr, double Ssim)
{
    /// <summary>dB; given for a mean squared error of 1e-10 or less: documents hold finite numbers only.</summary>
    public const double LargestPsnr = 100;

    /// <summary>dB; no error of finite 32-bit floats has less.</summary>
    public const double SmallestPsnr = -800;

    /// <summary>Of nothing.</summary>
    public static ValidationSum Zero { get; } = new(0, 0, 0, 0, 0);

    public static ValidationSum operator +(ValidationSum a, ValidationSum b) =>
        new(a.SquaredError + b.SquaredError, a.Voxels + b.Voxels, a.Crops + b.Crops, a.Psnr + b.Psnr, a.Ssim + b.Ssim);
}
