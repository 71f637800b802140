using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
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
    /// <summary>Changes whenever the same input would give other voxels; part of every cache key.</summary>
    public const int TransformVersion = 2;

    /// <exception cref="FederationException">BMF-1102 to BMF-1108 and BMF-1110: the case cannot be used.</exception>
    public static PreparedCase Prepare(ScannedCase scanned, ImagingPlan plan, CancellationToken cancellation = default)
    {
        var modalities = Modalities.All.Where(scanned.Series.ContainsKey).ToArray();
        var reference = modalities.Contains(Modalities.T1) ? Modalities.T1 : modalities[0];
        var read = new Dictionary<string, Volume>(StringComparer.Ordinal);
        foreach (var modality in modalities)
        {
            cancellation.ThrowIfCancellationRequested();
            var series = scanned.Series[modality];
            var volume = NiftiReader.Read(series.Path, series.Volume);
            CheckVoxels(volume, modality, series.Path);
            read[modality] = volume;
        }

        var notes = new List<string>();
        var onGrid = Align(read, reference, plan.MinimumOverlap, notes, cancellation);
        var channels = modalities.Select(m => Spacing.To(Orientation.ToRas(onGrid[m]), plan.SpacingMm)).ToArray();
        channels = Crop(channels);
        for (var n = 0; n < channels.Length; n++)
        {
            cancellation.ThrowIfCancellationRequested();
            channels[n] = IntensityScaling.ByPercentiles(channels[n], plan.LowerPercentile, plan.UpperPercentile, clip: true);
            CheckScaled(channels[n], modalities[n]);
        }

        channels = Crop(channels);
        return new PreparedCase(scanned.Name, modalities, channels[0].Shape, [.. channels.Select(c => c.Voxels)], notes);
    }

    private static void CheckVoxels(Volume volume, string modality, string path)
    {
        var any = false;
        for (var n = 0; n < volume.Voxels.Length; n++)
        {
            var value = volume.Voxels[n];
            if (!float.IsFinite(value))
            {
                throw ErrorCatalogue.VolumeNotFinite.With($"{modality} ({Path.GetFileName(path)}) has the value {value.ToString(CultureInfo.InvariantCulture)} at voxel index {n}.");
            }

            any |= value > 0;
        }

        if (!any)
        {
            throw ErrorCatalogue.VolumeEmpty.With($"{modality} ({Path.GetFileName(path)}) has no voxel above 0.");
        }
    }

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

    private static Dictionary<string, Volume> Align(
        Dictionary<string, Volume> read, string reference, double minimum, List<string> notes, CancellationToken cancellation)
    {
        var grid = read[reference];
        var aligned = new Dictionary<string, Volume>(StringComparer.Ordinal) { [reference] = grid };
        if (read.Count == 1)
        {
            return aligned;
        }

        var foreground = Overlap.Foreground(grid);
        foreach (var modality in read.Keys.Where(m => m != reference).OrderBy(Modalities.IndexOf))
        {
            cancellation.ThrowIfCancellationRequested();
            var volume = read[modality];
            var covered = volume.SharesGridWith(grid) ? null : Resampling.Coverage(volume, grid);
            if (covered is not null)
            {
                notes.Add(FormattableString.Invariant($"{modality} ({volume.Shape}) was resampled by its header onto the grid of {reference} ({grid.Shape})."));
                volume = Resampling.To(volume, grid);
            }

            var dice = Overlap.Dice(foreground, Overlap.Foreground(volume), covered);
            if (dice < minimum)
            {
                throw ErrorCatalogue.VolumesMisaligned.With(
                    FormattableString.Invariant($"The foregrounds of {modality} and {reference} overlap by a Dice of {dice:F3}; at least {minimum:F2} is needed."));
            }

            aligned[modality] = volume;
        }

        return aligned;
    }

    private static Volume[] Crop(Volume[] channels) => ForegroundCrop.CenterBox(channels) is { } box
        ? [.. channels.Select(c => c.Crop(box))]
        : throw ErrorCatalogue.VolumeEmpty.With("No voxel of any series is above 0 after resampling.");
}
