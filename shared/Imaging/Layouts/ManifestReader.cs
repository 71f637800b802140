using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>
/// Reads a CSV manifest (RFC 4180 quoting, comma): a header line with subject, modality and path in any order (further
/// columns are allowed), one series a line. Relative paths start at the manifest's folder.
/// </summary>
internal static class ManifestReader
{
    private const long MaximumBytes = 64L * 1024 * 1024;

    public static void Read(string path, DatasetScanner.Findings found)
    {
        if (new FileInfo(path).Length > MaximumBytes)
        {
            throw ErrorCatalogue.ManifestInvalid.With($"{path} is larger than {MaximumBytes} bytes.");
        }

        var lines = File.ReadAllLines(path);
        if (lines.Length == 0)
        {
            throw ErrorCatalogue.ManifestInvalid.With($"{path}, line 1: the file is empty.");
        }

        var header = Split(lines[0], path, 1);
        var (subjectAt, modalityAt, pathAt) = (Column(header, "subject", path), Column(header, "modality", path), Column(header, "path", path));
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        for (var n = 1; n < lines.Length; n++)
        {
            if (string.IsNullOrWhiteSpace(lines[n]))
            {
                continue;
            }

            var number = n + 1;
            var fields = Split(lines[n], path, number);
            string Field(int at, string column) => at < fields.Count && fields[at].Length > 0 && !fields[at].Contains('\0', StringComparison.Ordinal)
                ? fields[at]
                : throw Bad(path, number, $"{column} is empty");

            var (subject, word) = (Field(subjectAt, "subject"), Field(modalityAt, "modality"));
            var file = Path.GetFullPath(Path.Combine(folder, Field(pathAt, "path")));
            var modality = SeriesName.Canonical(word) ?? throw Bad(path, number, $"\"{word}\" is not a modality; known: {string.Join(", ", Modalities.All)}");
            found.Add(subject, modality, file);
            if (!File.Exists(file))
            {
                found.Skip(subject, ErrorCatalogue.ManifestInvalid, $"Line {number}: {file} does not exist.");
            }
        }
    }

    private static int Column(List<string> header, string name, string path)
    {
        var at = header.FindIndex(h => string.Equals(h, name, StringComparison.OrdinalIgnoreCase));
        return at >= 0 && at == header.FindLastIndex(h => string.Equals(h, name, StringComparison.OrdinalIgnoreCase))
            ? at
            : throw Bad(path, 1, $"the header must have one column \"{name}\"");
    }

    private static List<string> Split(string line, string path, int number)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var (quoted, wasQuoted) = (false, false);
        for (var n = 0; n <= line.Length; n++)
        {
            if (n == line.Length || (line[n] == ',' && !quoted))
            {
                fields.Add(wasQuoted ? field.ToString() : field.ToString().Trim());
                field.Clear();
                wasQuoted = false;
            }
            else if (line[n] != '"')
            {
                field.Append(line[n]);
            }
            else if (quoted && n + 1 < line.Length && line[n + 1] == '"')
            {
                field.Append(line[n++]);
            }
            else if (quoted || string.IsNullOrWhiteSpace(field.ToString()))
            {
                quoted = !quoted;
                wasQuoted = true;
                _ = quoted ? field.Clear() : field;
            }
            else
            {
                throw Bad(path, number, "a quotation mark stands inside an unquoted field");
            }
        }

        return quoted ? throw Bad(path, number, "a quotation mark is not closed") : fields;
    }

    private static FederationException Bad(string path, int line, string why) => ErrorCatalogue.ManifestInvalid.With($"{path}, line {line}: {why}.");
}
