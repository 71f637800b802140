using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Dicom;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>
/// Finds cases in a CSV manifest or in a folder of any layout that is known. Only headers are read and nothing is
/// written. Of a folder only series whose modality is certain become part of a case.
/// </summary>
public static class DatasetScanner
{
    /// <summary>The cases to train on or to check.</summary>
    /// <param name="path">A folder, or a .csv file with the columns subject, modality, path.</param>
    /// <param name="requireCase">False to get the left-out cases also when no other remains.</param>
    /// <exception cref="FederationException">BMF-1110 when missing, BMF-1109 for a bad manifest, BMF-1113 for a bad description, BMF-1101 when no case remains, or none was left out either.</exception>
    public static ScanResult Scan(string path, bool requireCase = true)
    {
        var findings = Find(path, new ScanOptions(), CancellationToken.None);

        // Training on what happens to be readable would hide a mistake in the permissions.
        return findings.Unreadable.Count == 0
            ? CaseAssembly.Of(findings.WithTwinsUncertain(), requireCase)
            : throw ErrorCatalogue.DataFolderMissing.With($"{Path.Combine(path, findings.Unreadable[0])} may not be read.");
    }

    /// <summary>Everything in a folder or manifest, used or not. Twins of a modality are left as they are.</summary>
    /// <exception cref="FederationException">As <see cref="Scan"/>, but not BMF-1101.</exception>
    public static ScanFindings Find(string path, ScanOptions options, CancellationToken cancellation)
    {
        try
        {
            return File.Exists(path) ? FindInManifest(path)
                : Directory.Exists(path) ? FindInFolder(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), options, cancellation)
                : throw ErrorCatalogue.DataFolderMissing.With($"{path} does not exist.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.DataFolderMissing.With($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static ScanFindings FindInManifest(string path)
    {
        const string Layout = "CSV manifest";
        return new ScanFindings(path, [new ScannedDataset("", Layout, "")], [.. ManifestReader.Read(path).Select(s => Finding(s, "", Layout))], []);
    }

    private static ScanFindings FindInFolder(string root, ScanOptions options, CancellationToken cancellation)
    {
        var (files, unreadable) = FileTree.Read(root, options.Except, n => options.Progress?.Invoke(new ScanProgress("files found", n)), cancellation);
        var recognised = DatasetSplitter.Split(new DatasetFolder(root, "", WithoutEarlierScans(files)) { Report = options.Progress });
        var several = recognised.Count > 1;
        var (datasets, series, done) = (new List<ScannedDataset>(), new List<SeriesFinding>(), 0);
        foreach (var dataset in recognised)
        {
            var name = several && dataset.Layout is DicomLayout && recognised.Any(r => r != dataset && r.Folder.Name == dataset.Folder.Name) ? $"{dataset.Folder.Name}/dicom".TrimStart('/') : dataset.Folder.Name;
            var found = new List<SeriesFinding>();
            foreach (var item in dataset.Layout.Read(dataset.Folder))
            {
                cancellation.ThrowIfCancellationRequested();

                // A person already decided on what a manifest holds; the files are opened when they are used.
                var finding = LabelFolders.Doubt(Finding(item, name, dataset.Description), dataset.Layout, root);
                found.Add(dataset.Layout is ManifestLayout ? finding : SeriesCheck.Apply(finding));
                options.Progress?.Invoke(new ScanProgress("series looked at", ++done));
            }

            datasets.Add(new ScannedDataset(name, dataset.Description, Participants.Note(dataset.Folder, found)));
            series.AddRange(found);
        }

        return new ScanFindings(
            root, datasets,
            [.. series.OrderBy(s => s.Dataset, StringComparer.Ordinal).ThenBy(s => s.Subject, StringComparer.Ordinal).ThenBy(s => s.Session, StringComparer.Ordinal).ThenBy(s => s.File.Path, StringComparer.Ordinal).ThenBy(s => s.File.Volume)],
            unreadable);
    }

    /// <summary>Folders inside that an earlier scan wrote hold copies of what is scanned now.</summary>
    private static IReadOnlyList<string> WithoutEarlierScans(IReadOnlyList<string> files)
    {
        var manifests = files.Where(f => f.EndsWith("/manifest.csv", StringComparison.Ordinal)).Select(f => f[..^"manifest.csv".Length]).ToHashSet(StringComparer.Ordinal);
        var written = files.Where(f => f.EndsWith("/scan.json", StringComparison.Ordinal)).Select(f => f[..^"scan.json".Length]).Where(manifests.Contains).ToArray();
        return written.Length == 0 ? files : [.. files.Where(f => !Array.Exists(written, w => f.StartsWith(w, StringComparison.Ordinal)))];
    }

    private static SeriesFinding Finding(LayoutSeries series, string dataset, string layout) => new()
    {
        Dataset = dataset,
        Layout = layout,
        Subject = series.Subject,
        Session = series.Session,
        File = series.File,
        Proposal = series.Proposal,
        Class = series.Class,
        Error = series.Error,
        CaseProblem = series.CaseProblem,
        Dicom = series.Dicom,
        NeedsConversion = series.Dicom is not null && series.Proposal.Status != SeriesStatus.Ignored,
    };
}
