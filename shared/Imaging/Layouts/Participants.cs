using System.Text;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>Compares participants.tsv of a BIDS data set with the subjects that have images.</summary>
internal static class Participants
{
    private const string Table = "participants.tsv";

    /// <returns>A sentence for people; empty when there is no table or nothing to say.</returns>
    public static string Note(DatasetFolder folder, IReadOnlyList<SeriesFinding> found)
    {
        if (!folder.Has(Table))
        {
            return "";
        }

        var lines = Encoding.UTF8.GetString(folder.ReadDescription(Table)).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var column = lines.Length == 0 ? -1 : Array.IndexOf(lines[0].TrimStart('\uFEFF').Split('\t'), "participant_id");
        if (column < 0)
        {
            return $"{Table} has no column participant_id";
        }

        var listed = lines.Skip(1).Select(l => l.Split('\t')).Where(f => f.Length > column).Select(f => f[column]).ToHashSet(StringComparer.Ordinal);
        var subjects = found.Select(s => s.Subject).ToHashSet(StringComparer.Ordinal);
        var (without, unlisted) = (listed.Count(l => !subjects.Contains(l)), subjects.Count(s => !listed.Contains(s)));
        return FormattableString.Invariant($"{Table} lists {listed.Count} participants")
            + (without > 0 ? FormattableString.Invariant($", {without} of them without images") : "")
            + (unlisted > 0 ? FormattableString.Invariant($", and {unlisted} subjects with images are not in it") : "");
    }
}
