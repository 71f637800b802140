using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>
/// Turns the series of a case into channels on one grid, in BrainMVP's order: RAS, isotropic spacing, centre crop of
/// the foreground, percentile scaling with clip, centre crop again. Series on different grids are first resampled by
/// their headers onto the reference series (T1, else the first in canonical order); nothing is registered.
/// </summary>
public static class CasePreparer
{
    /// <summary>Changes whenever the same input would give other voxels or another verdict; part of every cache key.</summary>
    public const int TransformVersion = 2;

    /// <exception cref="FederationException">BMF-1102 to BMF-1108 and BMF-1110: the case cannot be used.</exception>
    public static PreparedCase Prepare(ScannedCase scanned, ImagingPlan plan, CancellationToken cancellation = default) =>
        Prepare(scanned.Name, AlignedCase.Require(scanned, plan, cancellation), plan, cancellation);

    /// <summary>The same for a case that has been read; it must have no faults.</summary>
    /// <exception cref="FederationException">BMF-1108: a series has no contrast.</exception>
    internal static PreparedCase Prepare(string name, AlignedCase aligned, ImagingPlan plan, CancellationToken cancellation)
    {
        var modalities = Modalities.All.Where(aligned.Series.ContainsKey).ToArray();
        var channels = Crop([.. modalities.Select(m => Spacing.To(Orientation.ToRas(aligned.Series[m].Volume), plan.SpacingMm))]);
        for (var n = 0; n < channels.Length; n++)
        {
            cancellation.ThrowIfCancellationRequested();
            channels[n] = IntensityScaling.ByPercentiles(channels[n], plan.LowerPercentile, plan.UpperPercentile, clip: true);
            CheckScaled(channels[n], modalities[n]);
        }

        channels = Crop(channels);
        return new PreparedCase(name, modalities, channels[0].Shape, [.. channels.Select(c => c.Voxels)], Notes(aligned)) { Affine = channels[0].Affine, Reference = aligned.Read[aligned.Reference] };
    }

    private static string[] Notes(AlignedCase aligned) =>
    [
        .. aligned.Alignments.Where(a => a.Resampled).Select(a =>
            $"{a.Modality} ({aligned.Read[a.Modality].Shape}) was resampled by its header onto the grid of {a.Reference} ({aligned.Read[a.Reference].Shape})."),
    ];

    /// <summary>
    /// Where both percentiles are equal (the foreground fills less than 100 − upper per cent of the box) scaling only
    /// shifts, and the values are not in 0..1: such a volume carries no usable contrast.
    /// </summary>
    private static void CheckScaled(Volume volume, string modality)
    {
        if (volume.Voxels.Any(v => v is < 0 or > 1))
        {
            throw ErrorCatalogue.VolumeEmpty.With($"{modality} has too little foreground: its lower and upper percentile are equal.");
        }
    }

    private static Volume[] Crop(Volume[] channels) => ForegroundCrop.CenterBox(channels) is { } box
        ? [.. channels.Select(c => c.Crop(box))]
        : throw ErrorCatalogue.VolumeEmpty.With("No voxel of any series is above 0 after resampling.");
}
