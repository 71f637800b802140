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
/// (source bytes, transforms, the plan's imaging part), so preparing again only hashes the sources and verifies what
/// is there, also after an interruption. One case is in memory at a time.
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

    /// <summary>Usable cases in ordinal order of names.</summary>
    public IReadOnlyList<PreparedEntry> Cases => Document.Cases;

    public IReadOnlyList<SkippedEntry> Skipped => Document.Skipped;

    /// <summary>Prepares every case of a scan. A case that cannot be used is skipped and reported; the others go on.</summary>
    /// <param name="scan">From <see cref="DatasetScanner.Scan"/>; what it skipped is carried over.</param>
    /// <param name="plan">Spacing, percentiles and least overlap are used.</param>
    /// <param name="cacheFolder">Created when missing. One plan's cases at a time: files of earlier plans are removed.</param>
    /// <exception cref="FederationException">BMF-1101 when no case can be used, BMF-1403 when the disk is full.</exception>
    public static PreparedDataset Prepare(
        ScanResult scan, ImagingPlan plan, string cacheFolder, IProgress<PreparationProgress>? progress = null, CancellationToken cancellation = default) =>
        Prepare(scan, plan, cacheFolder, [], progress, cancellation);

    /// <inheritdoc cref="Prepare(ScanResult, ImagingPlan, string, IProgress{PreparationProgress}?, CancellationToken)"/>
    /// <param name="reuse">Further folders that may hold the same cases; what lies there whole is linked, not computed again.</param>
    public static PreparedDataset Prepare(
        ScanResult scan,
        ImagingPlan plan,
        string cacheFolder,
        IReadOnlyList<string> reuse,
        IProgress<PreparationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        Directory.CreateDirectory(cacheFolder);
        var cases = new List<PreparedEntry>();
        var skipped = scan.Skipped.Select(s => new SkippedEntry(s.Subject, s.Error.Id, s.Detail)).ToList();
        var done = 0;
        foreach (var scanned in scan.Cases.OrderBy(c => c.Name, StringComparer.Ordinal))
        {
            cancellation.ThrowIfCancellationRequested();
            string outcome;
            try
            {
                (var entry, outcome) = PrepareOne(scanned, plan, cacheFolder, reuse, cancellation);
                cases.Add(entry);
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

        var document = new DatasetDocument { TransformVersion = CasePreparer.TransformVersion, ImagingHash = CaseKey.RulesOf(plan), Cases = cases, Skipped = skipped };
        DurableFile.WriteAllText(Path.Combine(cacheFolder, DocumentName), CanonicalJson.ToReadable(document));
        CaseCache.Sweep(cacheFolder, cases.Select(c => c.File).ToHashSet(StringComparer.Ordinal));
        return new PreparedDataset(cacheFolder, document);
    }

    /// <summary>Opens a folder that was prepared. Cases are opened and verified one by one by <see cref="Open"/>.</summary>
    /// <exception cref="FederationException">BMF-1110 when there is no dataset.json, BMF-1011 when it is malformed.</exception>
    public static PreparedDataset Load(string folder)
    {
        var path = Path.Combine(folder, DocumentName);
        try
        {
            var document = CanonicalJson.Read<DatasetDocument>(File.ReadAllBytes(path));
            return document.Cases.All(IsPlausible)
                ? new PreparedDataset(folder, document)
                : throw ErrorCatalogue.DocumentInvalid.With($"{path} lists a case without modalities or with sides that cannot be true.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.DataFolderMissing.With($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Opens one case and checks that it is the one of dataset.json.</summary>
    /// <exception cref="FederationException">BMF-1401 when the file is gone, BMF-1402 when it is damaged or another one.</exception>
    public CaseFile Open(int index)
    {
        var entry = Cases[index];
        var path = Path.Combine(Folder, Path.GetFileName(entry.File));
        var file = CaseFile.Open(path);
        if (file.Content == entry.Content && entry.Modalities.SequenceEqual(file.Modalities, StringComparer.Ordinal) && entry.Shape.SequenceEqual(ShapeOf(file)))
        {
            return file;
        }

        file.Dispose();
        throw ErrorCatalogue.ArtifactCorrupt.With($"{path} is not the file that dataset.json names. Prepare the data again.");
    }

    /// <summary>Reads the whole volumes of one case, verified.</summary>
    /// <exception cref="FederationException">BMF-1401 when the file is gone, BMF-1402 when it is damaged.</exception>
    public PreparedCase Read(int index)
    {
        using var file = Open(index);
        return new PreparedCase(Cases[index].Name, file.Modalities, file.Shape, [.. Enumerable.Range(0, file.Modalities.Count).Select(file.Read)], file.Notes);
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

    private static (PreparedEntry Entry, string Outcome) PrepareOne(ScannedCase scanned, ImagingPlan plan, string folder, IReadOnlyList<string> reuse, CancellationToken cancellation)
    {
        var key = CaseKey.Of(scanned, plan);
        using (var known = CaseCache.Find(folder, key, cancellation))
        {
            if (known is not null)
            {
                return (Entry(scanned, known), "cached");
            }
        }

        foreach (var other in reuse)
        {
            using var taken = CaseCache.TakeOver(other, folder, key, cancellation);
            if (taken is not null)
            {
                return (Entry(scanned, taken), "reused");
            }
        }

        var path = Path.Combine(folder, CaseCache.NameOf(key));
        CaseFileWriter.Write(path, key, CasePreparer.Prepare(scanned, plan, cancellation));
        using var written = CaseFile.Open(path);
        return (Entry(scanned, written), "prepared");
    }

    private static PreparedEntry Entry(ScannedCase scanned, CaseFile file) =>
        new(scanned.Subject, file.Modalities, CaseCache.NameOf(file.Key), file.Content, ShapeOf(file), file.Notes)
        {
            Session = scanned.Session,
            Class = scanned.Class,
            HasSegmentation = scanned.Segmentation is not null,
        };

    private static int[] ShapeOf(CaseFile file) => [file.Shape.I, file.Shape.J, file.Shape.K];

    private static bool IsPlausible(PreparedEntry? entry) =>
        entry is { Subject: not null, File: not null, Modalities.Count: > 0, Shape.Count: 3 }
        && entry.Shape.All(s => s > 0) && (Int128)entry.Shape[0] * entry.Shape[1] * entry.Shape[2] <= Array.MaxLength;
}
