using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Preparation;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>Inspects every case of a scan; one that fails does not stop the others.</summary>
/// <param name="plan">What training would do with the volumes.</param>
/// <param name="root">The data folder, or the manifest's.</param>
public sealed class DatasetInspector(ImagingPlan plan, string root)
{
    private const double UsableMemory = 0.6;

    /// <summary>Cases worked on at a time: one holds its volumes as floats, so memory bounds their number.</summary>
    /// <param name="wanted">Upper bound, 1 or more.</param>
    public int Jobs(ScanResult scan, int wanted)
    {
        var largest = scan.Cases.Count == 0 ? 0 : scan.Cases.Max(Bytes);
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * UsableMemory;
        return (int)Math.Clamp(available / Math.Max(largest, 1), 1, Math.Max(wanted, 1));
    }

    /// <summary>Inspects all cases.</summary>
    /// <param name="jobs">Cases at a time; the result does not depend on it.</param>
    /// <param name="withPictures">Draw a montage a case.</param>
    /// <param name="progress">Told the cases done and the name of the last; on any thread, one call at a time.</param>
    /// <returns>In ordinal order of names, also those that the scan left out.</returns>
    public IReadOnlyList<InspectedCase> Inspect(
        ScanResult scan, int jobs, bool withPictures, Action<int, string>? progress = null, CancellationToken cancellation = default)
    {
        var cases = scan.Cases.OrderBy(c => c.Name, StringComparer.Ordinal).ToArray();
        var inspector = new CaseInspector(plan, root, withPictures ? PictureSide(cases.Length) : 0);
        var results = new InspectedCase[cases.Length];
        var (done, gate) = (0, new Lock());
        Parallel.For(0, cases.Length, new ParallelOptions { MaxDegreeOfParallelism = jobs, CancellationToken = cancellation }, n =>
        {
            results[n] = InspectOne(inspector, cases[n], cancellation);
            lock (gate)
            {
                progress?.Invoke(++done, cases[n].Name);
            }
        });
        return [.. results.Concat(scan.Skipped.Select(CaseInspector.Skipped)).OrderBy(r => r.Quality.Name, StringComparer.Ordinal)];
    }

    /// <summary>The document of what was found.</summary>
    public QualityReport Report(ScanResult scan, IReadOnlyList<InspectedCase> inspected)
    {
        var cases = inspected.Select(i => i.Quality).ToArray();
        var usable = cases.Where(c => c.Usable).ToArray();
        return new QualityReport
        {
            Cases = cases,
            Summary = new QualitySummary
            {
                Cases = cases.Length,
                Usable = usable.Length,
                UsableByModality = Modalities.All.Select(m => (Modality: m, Count: usable.Count(c => c.Modalities.ContainsKey(m)))).Where(m => m.Count > 0)
                    .ToDictionary(m => m.Modality, m => m.Count, StringComparer.Ordinal),
                ExcludedByReason = cases.Where(c => !c.Usable).GroupBy(c => c.Reasons[0].Code, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal),
                MinimumOverlap = plan.MinimumOverlap,
                SpacingMm = plan.SpacingMm,
                Canvas = plan.Canvas,
                IgnoredFiles = scan.Ignored.Count,
            },
        };
    }

    private static InspectedCase InspectOne(CaseInspector inspector, ScannedCase scanned, CancellationToken cancellation)
    {
        try
        {
            return inspector.Inspect(scanned, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever a file does to one case, the report on the others is worth having.
            var error = e as FederationException ?? ErrorCatalogue.Unexpected.With($"{e.GetType().Name}: {e.Message}", e);
            return new InspectedCase(
                new CaseQuality { Subject = scanned.Subject, Session = scanned.Session, Usable = false, Reasons = [new QualityReason(error.Code.Id, error.Message, error.Code.Remedy)] }, []);
        }
    }

    /// <summary>Pages with many cases get smaller slices, so that the file stays one that a browser opens.</summary>
    private static int PictureSide(int cases) => cases switch { <= 40 => 176, <= 150 => 132, _ => 96 };

    /// <summary>Peak memory of a case: its series as read, on the reference's grid, and on the plan's, some of them twice.</summary>
    private double Bytes(ScannedCase scanned)
    {
        double read = 0, largest = 0, prepared = 0;
        foreach (var series in scanned.Series.Values)
        {
            try
            {
                var info = NiftiReader.ReadInfo(series.Path);
                var (x, y, z) = info.Affine.Spacing;
                read += info.Shape.Count;
                largest = Math.Max(largest, info.Shape.Count);
                prepared = Math.Max(prepared, info.Shape.Count * x * y * z / Math.Pow(plan.SpacingMm, 3));
            }
            catch (FederationException)
            {
                // A file that cannot be read needs no memory.
            }
        }

        return sizeof(float) * ((2 * read) + (scanned.Series.Count * (largest + (3 * prepared))) + (4 * largest));
    }
}
