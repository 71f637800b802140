using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Quality;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>
/// The series of a case, read and brought onto the grid of the reference (T1, else the first in canonical order), and
/// everything that stands against using them. Training and the quality check judge a case by this one class.
/// </summary>
internal sealed class AlignedCase
{
    private readonly List<FederationException> _faults = [];
    private readonly Dictionary<string, Volume> _read = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AlignedSeries> _series = new(StringComparer.Ordinal);
    private readonly List<Alignment> _alignments = [];
    private bool _judges = true;

    private AlignedCase()
    {
    }

    /// <summary>What stands against using the case, in the order found; empty when nothing does.</summary>
    public IReadOnlyList<FederationException> Faults => _faults;

    /// <summary>Series as they are in their files, those that could be read.</summary>
    public IReadOnlyDictionary<string, Volume> Read => _read;

    /// <summary>Canonical name of the reference; empty when no series could be used.</summary>
    public string Reference { get; private set; } = "";

    /// <summary>Usable series on the reference's grid.</summary>
    public IReadOnlyDictionary<string, AlignedSeries> Series => _series;

    /// <summary>One for each series but the reference, in canonical order.</summary>
    public IReadOnlyList<Alignment> Alignments => _alignments;

    /// <summary>Reads and judges a case to the end, whatever is found.</summary>
    public static AlignedCase Examine(ScannedCase scanned, ImagingPlan plan, CancellationToken cancellation)
    {
        var result = new AlignedCase();
        result.Load(scanned, plan, result._faults.Add, cancellation);
        return result;
    }

    /// <summary>Reads a case that is to be used.</summary>
    /// <exception cref="FederationException">The first fault: BMF-1102 to BMF-1108 or BMF-1110.</exception>
    public static AlignedCase Require(ScannedCase scanned, ImagingPlan plan, CancellationToken cancellation)
    {
        var result = new AlignedCase();
        result.Load(scanned, plan, fault => throw fault, cancellation);
        return result;
    }

    /// <summary>Reads a case that was found usable before: its series come onto one grid and are not compared again, which takes most of the time.</summary>
    /// <exception cref="FederationException">BMF-1102 to BMF-1107: a file changed since.</exception>
    public static AlignedCase Reread(ScannedCase scanned, ImagingPlan plan, CancellationToken cancellation)
    {
        var result = new AlignedCase { _judges = false };
        result.Load(scanned, plan, fault => throw fault, cancellation);
        return result;
    }

    private void Load(ScannedCase scanned, ImagingPlan plan, Action<FederationException> fault, CancellationToken cancellation)
    {
        var usable = new List<string>();
        foreach (var modality in Modalities.All.Where(scanned.Series.ContainsKey))
        {
            cancellation.ThrowIfCancellationRequested();
            var file = scanned.Series[modality];
            try
            {
                _read[modality] = NiftiReader.Read(file.Path, file.Volume);
                CheckVoxels(_read[modality], modality, file.Path);
                usable.Add(modality);
            }
            catch (FederationException e)
            {
                fault(e);
            }
        }

        if (usable.Count > 0)
        {
            Align(usable, plan.MinimumOverlap, fault, cancellation);
        }
    }

    private void Align(List<string> usable, double minimumOverlap, Action<FederationException> fault, CancellationToken cancellation)
    {
        Reference = usable.Contains(Modalities.T1) ? Modalities.T1 : usable[0];
        var grid = _read[Reference];
        if (usable.Count == 1 || !_judges)
        {
            foreach (var modality in usable)
            {
                _series[modality] = new AlignedSeries(_read[modality].SharesGridWith(grid) ? _read[modality] : Resampling.To(_read[modality], grid), null, null);
            }

            return;
        }

        var foreground = Overlap.Foreground(grid);
        _series[Reference] = new AlignedSeries(grid, foreground, null);
        foreach (var modality in usable.Where(m => m != Reference))
        {
            cancellation.ThrowIfCancellationRequested();
            var volume = _read[modality];
            var covered = volume.SharesGridWith(grid) ? null : Resampling.Coverage(volume, grid);
            volume = covered is null ? volume : Resampling.To(volume, grid);
            var own = Overlap.Foreground(volume);
            var alignment = Alignment.Measure(modality, Reference, grid, volume, foreground, own, covered);
            _series[modality] = new AlignedSeries(volume, own, covered);
            _alignments.Add(alignment);
            if (!alignment.IsAligned(minimumOverlap))
            {
                fault(ErrorCatalogue.VolumesMisaligned.With(alignment.Explain(minimumOverlap)));
            }
        }
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
}

/// <summary>A series on the reference's grid.</summary>
/// <param name="Foreground">Null in a case of one series, where nothing is compared.</param>
/// <param name="Covered">Voxels inside both fields of view; null when it was on that grid already.</param>
internal sealed record AlignedSeries(Volume Volume, bool[]? Foreground, bool[]? Covered);
