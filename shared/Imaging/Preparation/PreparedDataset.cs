using System.Text;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Layouts;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>
/// A folder of prepared cases with dataset.json. Case files are named by the SHA-256 of everything they depend on
/// (source bytes, transforms, the plan's imaging part), so preparing again only hashes the sources. One case is in
/// memory at a time.
/// </summary>
public sealed class PreparedDataset
{
    private const string DocumentName = "dataset.json";

    private PreparedDataset(string folder, DatasetDocument document)
    {
        Folder = folder;
        Document = document;
    }

    public string Folder { get; }

    public DatasetDocument Document { get; }

    /// <summary>Usable cases in ordinal order of subjects.</summary>
    public IReadOnlyList<PreparedEntry> Cases => Document.Cases;

    public IReadOnlyList<SkippedEntry> Skipped => Document.Skipped;

    /// <summary>Prepares every case of a scan. A case that cannot be used is skipped and reported; the others go on.</summary>
    /// <param name="scan">From <see cref="DatasetScanner.Scan"/>; what it skipped is carried over.</param>
    /// <param name="plan">Spacing, percentiles and least overlap are used.</param>
    /// <param name="cacheFolder">Created when missing. One plan's cases at a time: files of earlier plans are removed.</param>
    /// <exception cref="FederationException">BMF-1101 when no case can be used, BMF-1403 when the disk is full.</exception>
    public static PreparedDataset Prepare(
        ScanResult scan, ImagingPlan plan, string cacheFolder, IProgress<PreparationProgress>? progress = null, CancellationToken cancellation = default)
    {
        Directory.CreateDirectory(cacheFolder);
        var imagingHash = CanonicalJson.Hash(plan);
        var known = Known(cacheFolder);
        var cases = new List<PreparedEntry>();
        var skipped = scan.Skipped.Select(s => new SkippedEntry(s.Subject, s.Error.Id, s.Detail)).ToList();
        var done = 0;
        foreach (var scanned in scan.Cases.OrderBy(c => c.Name, StringComparer.Ordinal))
        {
            cancellation.ThrowIfCancellationRequested();
            string outcome;
            try
            {
                var (entry, cached) = PrepareOne(scanned, plan, imagingHash, cacheFolder, known, cancellation);
                cases.Add(entry);
                outcome = cached ? "cached" : "prepared";
            }
            catch (FederationException e) when (e.Code.Number is >= 1100 and < 1200)
            {
                skipped.Add(new SkippedEntry(scanned.Name, e.Code.Id, e.Message));
                outcome = e.Code.Id;
            }

            progress?.Report(new PreparationProgress(++done, scan.Cases.Count, scanned.Name, outcome));
        }

        skipped.Sort((a, b) => string.CompareOrdinal(a.Subject, b.Subject));
        if (cases.Count == 0)
        {
            throw ErrorCatalogue.NoUsableCase.With(
                $"All {skipped.Count} cases were skipped: {string.Join("; ", skipped.Take(3).Select(s => $"{s.Subject}: {s.Error} {s.Detail}"))}");
        }

        var document = new DatasetDocument { TransformVersion = CasePreparer.TransformVersion, ImagingHash = imagingHash, Cases = cases, Skipped = skipped };
        DurableFile.WriteAllText(Path.Combine(cacheFolder, DocumentName), CanonicalJson.ToReadable(document));
        Sweep(cacheFolder, cases);
        return new PreparedDataset(cacheFolder, document);
    }

    /// <summary>Opens a folder that <see cref="Prepare"/> wrote. Cases are read and verified one by one by <see cref="Read(int)"/>.</summary>
    /// <exception cref="FederationException">BMF-1110 when there is no dataset.json, BMF-1011 when it is malformed.</exception>
    public static PreparedDataset Load(string folder)
    {
        var path = Path.Combine(folder, DocumentName);
        try
        {
            return new PreparedDataset(folder, CanonicalJson.Read<DatasetDocument>(File.ReadAllBytes(path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.DataFolderMissing.With($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads one case and checks its bytes against dataset.json.</summary>
    /// <exception cref="FederationException">BMF-1401 when the file is gone, BMF-1402 when its bytes have changed.</exception>
    public PreparedCase Read(int index)
    {
        var entry = Cases[index];
        var path = Path.Combine(Folder, Path.GetFileName(entry.File));
        if (!File.Exists(path))
        {
            throw ErrorCatalogue.ArtifactMissing.With($"{path}: prepare the data again.");
        }

        if (CaseFile.Hash(path) != entry.Content)
        {
            throw ErrorCatalogue.ArtifactCorrupt.With($"{path} has changed since it was prepared; prepare the data again.");
        }

        return CaseFile.Read(path);
    }

    /// <summary>Counts that may leave the site.</summary>
    public DataProfile Profile() => new()
    {
        Cases = Cases.Count,
        CasesByModality = Modalities.All
            .Select(m => (Modality: m, Count: Cases.Count(c => c.Modalities.Contains(m, StringComparer.Ordinal))))
            .Where(m => m.Count > 0)
            .ToDictionary(m => m.Modality, m => m.Count, StringComparer.Ordinal),
        SkippedByReason = Skipped.GroupBy(s => s.Error, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal),
    };

    private static (PreparedEntry Entry, bool Cached) PrepareOne(
        ScannedCase scanned, ImagingPlan plan, string imagingHash, string folder, Dictionary<string, PreparedEntry> known, CancellationToken cancellation)
    {
        var file = $"{Key(scanned, imagingHash)}.safetensors";
        var path = Path.Combine(folder, file);
        if (known.TryGetValue(file, out var entry) && File.Exists(path) && CaseFile.Hash(path) == entry.Content)
        {
            return (entry, true);
        }

        var prepared = CasePreparer.Prepare(scanned, plan, cancellation);
        CaseFile.Write(path, prepared);
        int[] shape = [prepared.Shape.I, prepared.Shape.J, prepared.Shape.K];
        return (new PreparedEntry(scanned.Name, prepared.Modalities, file, CaseFile.Hash(path), shape, prepared.Notes), false);
    }

    /// <summary>SHA-256 over the transform version, the plan's imaging part, the subject and each series' name and bytes.</summary>
    private static string Key(ScannedCase scanned, string imagingHash)
    {
        var text = new StringBuilder(FormattableString.Invariant($"{CasePreparer.TransformVersion}\n{imagingHash}\n{scanned.Name}\n"));
        foreach (var (modality, series) in scanned.Series.OrderBy(s => Modalities.IndexOf(s.Key)))
        {
            var path = series.Path;
            try
            {
                text.Append(modality).Append(' ').Append(series.Volume).Append(' ').Append(CaseFile.Hash(path)).Append('\n');
                var image = Path.ChangeExtension(path, ".img");
                if (path.EndsWith(".hdr", StringComparison.OrdinalIgnoreCase) && File.Exists(image))
                {
                    text.Append(CaseFile.Hash(image)).Append('\n');
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw ErrorCatalogue.DataFolderMissing.With($"{path} cannot be read: {e.Message}", e);
            }
        }

        return CanonicalJson.Hash(Encoding.UTF8.GetBytes(text.ToString()).AsSpan());
    }

    private static Dictionary<string, PreparedEntry> Known(string folder)
    {
        try
        {
            return File.Exists(Path.Combine(folder, DocumentName))
                ? Load(folder).Cases.ToDictionary(c => c.File, StringComparer.Ordinal)
                : [];
        }
        catch (Exception e) when (e is FederationException or ArgumentException)
        {
            // A damaged index costs time, not correctness: everything is prepared again.
            return [];
        }
    }

    private static void Sweep(string folder, List<PreparedEntry> cases)
    {
        var keep = cases.Select(c => c.File).ToHashSet(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder, "*.safetensors").Where(f => !keep.Contains(Path.GetFileName(f))).ToArray())
        {
            File.Delete(file);
        }
    }
}
