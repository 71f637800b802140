using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Quality;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>How well a series lies on the reference.</summary>
/// <param name="Dice">Overlap of the foregrounds where both fields of view are, 0..1.</param>
/// <param name="InformationBefore">Normalised mutual information in the brain by the headers alone, 1..2.</param>
/// <param name="InformationAfter">The same after the registration.</param>
public sealed record SeriesOverlap(string Modality, double Dice, double InformationBefore, double InformationAfter);

/// <summary>What a case's final volumes are like.</summary>
/// <param name="Files">By modality (<c>seg</c> and <c>mask</c> too), names inside the case's folder.</param>
/// <param name="BrainMillilitres">Volume of the brain mask; null without one.</param>
/// <param name="AtlasOverlap">Dice of the brain mask with that of the atlas; null without atlas.</param>
internal sealed record WrittenVolumes(
    IReadOnlyDictionary<string, string> Files, double? BrainMillilitres, double? AtlasOverlap, IReadOnlyList<SeriesOverlap> Overlaps, IReadOnlyList<string> Notes);

/// <summary>
/// Carries every series of a case to the final grid, each with one interpolation through all its transforms, checks that
/// they lie on each other, and writes them without what is not brain.
/// </summary>
internal static class CaseVolumes
{
    public const string MaskKey = "mask";

    /// <summary>A registration after which less than this part of the shared information is left went wrong.</summary>
    private const double LeastKept = 0.7;

    private const double LeastAtlasOverlap = 0.7;

    /// <exception cref="FederationException">BMF-1107 or BMF-1118 when the volumes do not lie on each other, BMF-1403 when the disk is full.</exception>
    public static WrittenVolumes Write(ScannedCase scanned, CaseSpace space, Atlas? atlas, double minimumOverlap, string folder, CancellationToken cancellation)
    {
        var reference = NiftiReader.Read(space.Series[space.Reference]);
        var toReference = space.AtlasToReference ?? Affine.Identity;
        var atlasMask = space.AtlasToReference is null ? null : NiftiReader.Read(atlas!.Mask);
        var grid = atlasMask is null ? Grid.Of(reference) : Grid.Of(atlasMask);
        var mask = space.Mask is { } own ? Carry.Mask(own, grid, toReference) : null;
        var inside = mask is null ? null : Array.ConvertAll(mask.Voxels, v => v > 0);
        var atlasOverlap = mask is null || atlasMask is null ? (double?)null : Overlap.Dice(inside!, Array.ConvertAll(atlasMask.Voxels, v => v > 0), null);
        if (atlasOverlap < LeastAtlasOverlap)
        {
            throw ErrorCatalogue.StepOutputInvalid.With(string.Create(
                CultureInfo.InvariantCulture, $"The brain and that of the atlas overlap by a Dice of {atlasOverlap:F3}; at least {LeastAtlasOverlap} is expected of a registered one."));
        }

        var onGrid = Carry.Linear(reference, grid, toReference);
        var (foreground, seen) = space.Series.Count > 1 ? (Overlap.Foreground(onGrid), Carry.Coverage(reference, onGrid, toReference)) : ([], []);
        var (name, files, overlaps) = (SafeName.Of(scanned.Name), new Dictionary<string, string>(StringComparer.Ordinal), new List<SeriesOverlap>());
        foreach (var (modality, path) in space.Series)
        {
            cancellation.ThrowIfCancellationRequested();
            var carried = onGrid;
            if (modality != space.Reference)
            {
                var series = NiftiReader.Read(path);
                var toSeries = space.ToSeries[modality] * toReference;
                carried = Carry.Linear(series, grid, toSeries);
                overlaps.Add(Measure(modality, series, carried, onGrid, foreground, seen, inside, toReference, toSeries));
                Check(overlaps[^1], space.Reference, minimumOverlap);
            }

            files[modality] = $"{name}_{modality.ToUpperInvariant()}.nii.gz";
            NiftiWriter.Write(Path.Combine(folder, files[modality]), Brain(carried, mask, modality));
        }

        var notes = new List<string>();
        if (scanned.Segmentation is { } labels)
        {
            files[ManifestRow.Segmentation] = $"{name}_seg.nii.gz";
            var carried = Labels(labels, scanned, space, grid, toReference, notes);
            NiftiWriter.Write(Path.Combine(folder, files[ManifestRow.Segmentation]), carried, NiftiStorages.SmallestFor(carried));
        }

        if (mask is not null)
        {
            files[MaskKey] = $"{name}_mask.nii.gz";
            NiftiWriter.Write(Path.Combine(folder, files[MaskKey]), mask, NiftiStorage.UInt8);
        }

        var (x, y, z) = grid.Affine.Spacing;
        return new WrittenVolumes(files, mask is null ? null : inside!.LongCount(v => v) * x * y * z / 1000, atlasOverlap, overlaps, notes);
    }

    private static SeriesOverlap Measure(
        string modality, Volume series, Volume carried, Volume reference, bool[] foreground, bool[] seen, bool[]? inside, Affine toReference, Affine toSeries)
    {
        var both = Carry.Coverage(series, carried, toSeries);
        for (var n = 0; n < both.Length; n++)
        {
            both[n] &= seen[n];
        }

        var dice = Overlap.Dice(foreground, Overlap.Foreground(carried), both);
        var byHeader = Carry.Linear(series, Grid.Of(carried), toReference);
        var covered = Carry.Coverage(series, carried, toReference);
        bool[] Where(bool[] fields) => [.. fields.Select((f, n) => f && (inside is null ? foreground[n] : inside[n]))];
        return new SeriesOverlap(
            modality,
            Math.Round(dice, 4),
            Math.Round(MutualInformation.Normalised(reference.Voxels, byHeader.Voxels, Where(covered)), 4),
            Math.Round(MutualInformation.Normalised(reference.Voxels, carried.Voxels, Where(both)), 4));
    }

    private static void Check(SeriesOverlap overlap, string reference, double minimum)
    {
        if (overlap.Dice < minimum)
        {
            throw ErrorCatalogue.VolumesMisaligned.With(string.Create(
                CultureInfo.InvariantCulture, $"After the steps the foregrounds of {overlap.Modality} and {reference} overlap by a Dice of {overlap.Dice:F3}; at least {minimum:F2} is needed."));
        }

        if (overlap.InformationAfter - 1 < LeastKept * (overlap.InformationBefore - 1))
        {
            throw ErrorCatalogue.StepOutputInvalid.With(string.Create(
                CultureInfo.InvariantCulture,
                $"The registration of {overlap.Modality} lost information about {reference} (normalised mutual information {overlap.InformationBefore:F3} before, {overlap.InformationAfter:F3} after)."));
        }
    }

    private static Volume Brain(Volume volume, Volume? mask, string modality)
    {
        var brain = mask is null ? volume : Atlas.Product(volume, mask);
        return brain.Voxels.Any(v => v > 0) ? brain : throw ErrorCatalogue.VolumeEmpty.With($"{modality} has no voxel above 0 on the final grid.");
    }

    /// <summary>A label map lies on the grid of the series it was drawn on and moves with it; on no such grid, with the reference.</summary>
    private static Volume Labels(SeriesFile file, ScannedCase scanned, CaseSpace space, Grid grid, Affine toReference, List<string> notes)
    {
        var labels = NiftiReader.Read(file.Path, file.Volume);
        var modality = space.Series.Keys.OrderBy(m => m == space.Reference ? 0 : 1).FirstOrDefault(m =>
            DicomInput.FolderOf(scanned.Series[m].Path) is null && NiftiReader.ReadInfo(scanned.Series[m].Path) is var info && info.Shape == labels.Shape && info.Affine.IsClose(labels.Affine, 1e-3));
        if (modality is null)
        {
            notes.Add($"The label map is on no series' grid; it was carried with {space.Reference}.");
        }

        return Carry.Nearest(labels, grid, space.ToSeries[modality ?? space.Reference] * toReference);
    }
}
