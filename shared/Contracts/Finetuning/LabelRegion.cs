using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Contracts.Finetuning;

/// <summary>A region of a label map: the voxels with one of some labels.</summary>
/// <param name="Name">For tables and file names: letters, digits, hyphens.</param>
/// <param name="Labels">1..255, ascending.</param>
public sealed record LabelRegion(string Name, IReadOnlyList<byte> Labels)
{
    private const int LongestName = 32;

    /// <summary>Reads <c>NAME=LABEL+LABEL</c>.</summary>
    /// <exception cref="FederationException">BMF-1012.</exception>
    public static LabelRegion Parse(string text)
    {
        var parts = text.Split('=', StringSplitOptions.TrimEntries);
        if (parts.Length != 2 || parts[0].Length is 0 or > LongestName || !parts[0].All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        {
            throw ErrorCatalogue.TaskInvalid.With($"regions has \"{text}\"; write NAME=LABEL or NAME=LABEL+LABEL, for example WT=1+2+4. A name has 1 to {LongestName} letters, digits and hyphens.");
        }

        var labels = new SortedSet<byte>();
        foreach (var label in parts[1].Split('+', StringSplitOptions.TrimEntries))
        {
            if (!byte.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value == 0 || !labels.Add(value))
            {
                throw ErrorCatalogue.TaskInvalid.With($"regions has \"{text}\": \"{label}\" is not a label; labels are whole numbers 1..255, each once.");
            }
        }

        return new LabelRegion(parts[0], [.. labels]);
    }

    /// <summary>The regions of a task; none for classification.</summary>
    /// <exception cref="FederationException">BMF-1012.</exception>
    public static IReadOnlyList<LabelRegion> Of(FinetuneTask task) => task.Kind == TaskKinds.Segmentation ? [.. task.Regions.Select(Parse)] : [];
}
