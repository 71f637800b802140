using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.Layouts.Naming;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>
/// Reads a CSV manifest: a header line with subject, modality and path in any order, and perhaps session, volume,
/// status, class and reason; further columns are allowed. One series a line. Relative paths start at the manifest's
/// folder.
/// </summary>
internal static class ManifestReader
{
    private const long MaximumBytes = 64L * 1024 * 1024;

    /// <summary>The header line has the columns of a manifest. Never throws.</summary>
    public static bool IsManifest(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            var buffer = new char[4096];
            var line = new string(buffer, 0, reader.ReadBlock(buffer)).Split('\n')[0];
            var records = CsvText.Read(line, path);
            return records.Count == 1 && ((string[])["subject", "modality", "path"]).All(c => records[0].Fields.Contains(c, StringComparer.OrdinalIgnoreCase));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FederationException)
        {
            return false;
        }
    }

    /// <returns>One series a line that is not ignored.</returns>
    /// <exception cref="FederationException">BMF-1109, naming the line.</exception>
    public static IReadOnlyList<LayoutSeries> Read(string path)
    {
        if (new FileInfo(path).Length > MaximumBytes)
        {
            throw ErrorCatalogue.ManifestInvalid.With($"{path} is larger than {MaximumBytes} bytes.");
        }

        var records = CsvText.Read(File.ReadAllText(path), path);
        if (records.Count == 0)
        {
            throw ErrorCatalogue.ManifestInvalid.With($"{path}, line 1: the file is empty.");
        }

        var lines = new Lines(path, records[0].Fields);
        var classes = new Dictionary<(string, string), (string Class, int Line)>();
        var series = new List<LayoutSeries>(records.Count);
        foreach (var record in records.Skip(1))
        {
            var read = lines.Read(record);
            series.Add(read);
            if (read.Class.Length > 0 && !classes.TryAdd((read.Subject, read.Session), (read.Class, record.Line)) && classes[(read.Subject, read.Session)] is var first && first.Class != read.Class)
            {
                throw CsvText.Bad(path, record.Line, $"the class of {read.Subject} is \"{read.Class}\", in line {first.Line} it is \"{first.Class}\"");
            }
        }

        return [.. series.Select(s => classes.TryGetValue((s.Subject, s.Session), out var known) ? s with { Class = known.Class } : s)];
    }

    private sealed class Lines
    {
        private readonly string _path;
        private readonly string _folder;
        private readonly int _subject, _modality, _file, _session, _volume, _status, _class, _reason;

        public Lines(string path, IReadOnlyList<string> header)
        {
            _path = path;
            _folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            (_subject, _modality, _file) = (Column(header, "subject", true), Column(header, "modality", true), Column(header, "path", true));
            (_session, _volume, _status) = (Column(header, "session", false), Column(header, "volume", false), Column(header, "status", false));
            (_class, _reason) = (Column(header, "class", false), Column(header, "reason", false));
        }

        public LayoutSeries Read(CsvRecord record)
        {
            var status = Status(record);
            var subject = Required(record, _subject, "subject");
            var word = status == SeriesStatus.Accepted ? Required(record, _modality, "modality") : Optional(record, _modality);
            var file = Path.GetFullPath(Path.Combine(_folder, Required(record, _file, "path")));
            var modality = word.Length == 0 ? "" : ModalityNames.Canonical(word)
                ?? (status == SeriesStatus.Ignored ? "" : throw CsvText.Bad(_path, record.Line, $"\"{word}\" is not a modality; known: {string.Join(", ", Modalities.All)}, {ManifestRow.Segmentation}"));
            var series = new LayoutSeries(subject, Optional(record, _session), new SeriesFile(file, Volume(record)), new ModalityProposal(status, modality, Optional(record, _reason))) { Class = Optional(record, _class) };
            return status switch
            {
                SeriesStatus.Uncertain => series with
                {
                    Error = ErrorCatalogue.SeriesUnconfirmed,
                    CaseProblem = Invariant($"Line {record.Line}: {Path.GetFileName(file)} is uncertain{(series.Proposal.Reason.Length > 0 ? $" ({series.Proposal.Reason})" : "")}. Write accepted with the right modality, or ignored, into its status."),
                },
                SeriesStatus.Accepted when !File.Exists(file) => series with { Error = ErrorCatalogue.ManifestInvalid, CaseProblem = Invariant($"Line {record.Line}: {file} does not exist.") },
                _ => series,
            };
        }

        private SeriesStatus Status(CsvRecord record) => Optional(record, _status).ToLowerInvariant() switch
        {
            "" or "accepted" => SeriesStatus.Accepted,
            "uncertain" => SeriesStatus.Uncertain,
            "ignored" => SeriesStatus.Ignored,
            var other => throw CsvText.Bad(_path, record.Line, $"\"{other}\" is not a status; known: accepted, uncertain, ignored"),
        };

        private int? Volume(CsvRecord record)
        {
            var text = Optional(record, _volume);
            return text.Length == 0 ? null
                : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var volume) ? volume
                : throw CsvText.Bad(_path, record.Line, $"\"{text}\" is not the number of a volume, counted from 0");
        }

        private string Required(CsvRecord record, int at, string column) => Optional(record, at) is { Length: > 0 } text ? text : throw CsvText.Bad(_path, record.Line, $"{column} is empty");

        private string Optional(CsvRecord record, int at)
        {
            var text = at >= 0 && at < record.Fields.Count ? record.Fields[at] : "";
            return text.Contains('\0', StringComparison.Ordinal) ? throw CsvText.Bad(_path, record.Line, "a field holds a zero character") : text;
        }

        private int Column(IReadOnlyList<string> header, string name, bool required)
        {
            var at = header.Index().Where(h => string.Equals(h.Item, name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Index).ToArray();
            return at.Length == 1 ? at[0]
                : at.Length == 0 && !required ? -1
                : throw CsvText.Bad(_path, 1, $"the header must have one column \"{name}\"");
        }

        private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
    }
}
