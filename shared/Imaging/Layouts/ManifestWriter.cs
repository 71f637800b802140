using System.Globalization;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>
/// Writes the canonical manifest: CSV (RFC 4180), UTF-8, one series a line, in the order given. Paths inside the
/// manifest's folder are written relative to it, so that the folder can be moved.
/// </summary>
public static class ManifestWriter
{
    public const string Header = "subject,session,modality,path,volume,status,class,reason";

    /// <exception cref="FederationException">BMF-1403 when the disk is full.</exception>
    public static void Write(string path, IEnumerable<ManifestRow> rows)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var text = new StringBuilder(Header).Append('\n');
        foreach (var row in rows)
        {
            var relative = Path.GetRelativePath(folder, row.File.Path);
            string[] fields =
            [
                row.Subject, row.Session, row.Modality, relative.StartsWith("..", StringComparison.Ordinal) ? row.File.Path : relative,
                row.File.Volume?.ToString(CultureInfo.InvariantCulture) ?? "", row.Status.ToString().ToLowerInvariant(), row.Class, row.Reason,
            ];
            text.AppendJoin(',', fields.Select(Quote)).Append('\n');
        }

        DurableFile.WriteAllText(path, text.ToString());
    }

    private static string Quote(string field) =>
        field.AsSpan().ContainsAny(",;\"\r\n") || field.Trim() != field ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}
