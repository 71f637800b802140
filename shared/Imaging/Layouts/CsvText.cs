using System.Text;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <param name="Line">Where it begins, counted from 1.</param>
internal sealed record CsvRecord(int Line, IReadOnlyList<string> Fields);

/// <summary>
/// CSV after RFC 4180: quotation marks around fields that hold the delimiter, quotation marks (doubled) or line ends.
/// A semicolon counts as the delimiter when the header has no comma: spreadsheets of many countries write it.
/// </summary>
internal static class CsvText
{
    /// <returns>The records that are not blank.</returns>
    /// <exception cref="FederationException">BMF-1109, naming the line.</exception>
    public static IReadOnlyList<CsvRecord> Read(string text, string path)
    {
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var header = end < 0 ? text.AsSpan() : text.AsSpan(0, end);
        var delimiter = header.Contains(';') && !header.Contains(',') ? ';' : ',';
        var (records, fields, field) = (new List<CsvRecord>(), new List<string>(), new StringBuilder());
        var (quoted, wasQuoted, line, began) = (false, false, 1, 1);

        void EndField()
        {
            fields.Add(wasQuoted ? field.ToString() : field.ToString().Trim());
            field.Clear();
            wasQuoted = false;
        }

        void EndRecord()
        {
            EndField();
            if (fields.Count > 1 || fields[0].Length > 0)
            {
                records.Add(new CsvRecord(began, [.. fields]));
            }

            fields.Clear();
        }

        for (var n = 0; n < text.Length; n++)
        {
            var c = text[n];
            if (quoted && c != '"')
            {
                field.Append(c);
                line += c == '\n' ? 1 : 0;
            }
            else if (quoted && n + 1 < text.Length && text[n + 1] == '"')
            {
                field.Append(text[n++]);
            }
            else if (quoted)
            {
                quoted = false;
            }
            else if (c == '"')
            {
                if (wasQuoted || !string.IsNullOrWhiteSpace(field.ToString()))
                {
                    throw Bad(path, line, "a quotation mark stands inside an unquoted field");
                }

                field.Clear();
                (quoted, wasQuoted) = (true, true);
            }
            else if (c == delimiter)
            {
                EndField();
            }
            else if (c == '\n')
            {
                EndRecord();
                began = ++line;
            }
            else if (c != '\r' && !(wasQuoted && char.IsWhiteSpace(c)))
            {
                if (wasQuoted)
                {
                    throw Bad(path, line, "text stands behind a closing quotation mark");
                }

                field.Append(c);
            }
        }

        if (quoted)
        {
            throw Bad(path, began, "a quotation mark is not closed");
        }

        EndRecord();
        return records;
    }

    public static FederationException Bad(string path, int line, string why) => ErrorCatalogue.ManifestInvalid.With(FormattableString.Invariant($"{path}, line {line}: {why}."));
}
