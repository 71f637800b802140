using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>
/// Finds cases in a CSV manifest, a folder with a folder per subject, a flat folder of SUBJECT_MODALITY files, or a
/// mix of the last two. No image is opened.
/// </summary>
public static class DatasetScanner
{
    /// <param name="path">A folder, or a .csv file with the columns subject, modality, path.</param>
    /// <exception cref="FederationException">BMF-1110 when missing, BMF-1109 for a bad manifest, BMF-1101 when no case remains.</exception>
    public static ScanResult Scan(string path)
    {
        try
        {
            var found = new Findings();
            if (File.Exists(path))
            {
                ManifestReader.Read(path, found);
            }
            else if (Directory.Exists(path))
            {
                ScanFolder(Path.GetFullPath(path), found);
            }
            else
            {
                throw ErrorCatalogue.DataFolderMissing.With($"{path} does not exist.");
            }

            return found.Result(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.DataFolderMissing.With($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static void ScanFolder(string root, Findings found)
    {
        foreach (var file in Sorted(Directory.EnumerateFiles(root)))
        {
            found.Add(file, folderSubject: null);
        }

        foreach (var folder in Sorted(Directory.EnumerateDirectories(root)))
        {
            var subject = Path.GetFileName(folder);
            if (subject.StartsWith('.'))
            {
                continue;
            }

            // Deeper folders (sub-01/anat, sub-01/ses-01/anat) still belong to the subject. Links are not followed.
            var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4, IgnoreInaccessible = false, AttributesToSkip = FileAttributes.ReparsePoint };
            foreach (var file in Sorted(Directory.EnumerateFiles(folder, "*", options)))
            {
                found.Add(file, subject);
            }
        }
    }

    private static IEnumerable<string> Sorted(IEnumerable<string> paths) => paths.Order(StringComparer.Ordinal);

    /// <summary>Series gathered so far.</summary>
    internal sealed class Findings
    {
        private readonly SortedDictionary<string, Dictionary<string, string>> _cases = new(StringComparer.Ordinal);
        private readonly SortedDictionary<string, SkippedCase> _skipped = new(StringComparer.Ordinal);
        private readonly List<string> _ignored = [];

        public void Add(string file, string? folderSubject)
        {
            var name = SeriesName.Parse(Path.GetFileName(file));
            var subject = folderSubject ?? name.Subject;
            switch (name.Kind)
            {
                case NameKind.Series when subject.Length > 0:
                    Add(subject, name.Modality, file);
                    break;
                case NameKind.Series or NameKind.Unknown:
                    _ignored.Add(file);
                    break;
            }
        }

        public void Add(string subject, string modality, string file)
        {
            if (!_cases.TryGetValue(subject, out var series))
            {
                _cases[subject] = series = new Dictionary<string, string>(StringComparer.Ordinal);
            }

            if (!series.TryAdd(modality, file))
            {
                Skip(subject, ErrorCatalogue.ModalityDuplicate, $"{modality}: {Path.GetFileName(series[modality])} and {Path.GetFileName(file)}.");
            }
        }

        public void Skip(string subject, ErrorCode error, string detail) => _skipped.TryAdd(subject, new SkippedCase(subject, error, detail));

        public ScanResult Result(string path)
        {
            var cases = _cases.Where(c => !_skipped.ContainsKey(c.Key)).Select(c => new ScannedCase(c.Key, InOrder(c.Value))).ToArray();
            if (cases.Length > 0)
            {
                return new ScanResult(cases, [.. _skipped.Values], _ignored);
            }

            var first = _skipped.Values.FirstOrDefault();
            throw ErrorCatalogue.NoUsableCase.With(first is not null
                ? $"{path}: all {_skipped.Count} cases were skipped; {first.Subject}: {first.Error.Id} {first.Detail}"
                : $"{path} holds no image named by subject and modality{(_ignored.Count > 0 ? $"; {_ignored.Count} images have other names, for example {Path.GetFileName(_ignored[0])}" : "")}.");
        }

        private static OrderedDictionary<string, SeriesFile> InOrder(Dictionary<string, string> series)
        {
            var ordered = new OrderedDictionary<string, SeriesFile>(StringComparer.Ordinal);
            foreach (var modality in Modalities.All.Where(series.ContainsKey))
            {
                ordered.Add(modality, new SeriesFile(series[modality]));
            }

            return ordered;
        }
    }
}
