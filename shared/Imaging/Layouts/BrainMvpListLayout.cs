using System.Globalization;
using System.Text.Json;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Layouts.Naming;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>
/// A list as BrainMVP's own code reads it: {"training":[{"image":[...],"label":...}],"validation":[...]} with paths
/// relative to the list's folder. Each entry is a case; the names of its files say the modalities.
/// </summary>
internal sealed class BrainMvpListLayout : ILayout
{
    private static readonly string[] Parts = ["training", "validation", "test", "testing"];

    public string? Recognise(DatasetFolder folder) => Lists(folder) is { Length: > 0 } lists ? $"BrainMVP list ({string.Join(", ", lists)})" : null;

    public IEnumerable<LayoutSeries> Read(DatasetFolder folder)
    {
        var listed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var list in Lists(folder))
        {
            using var document = JsonDocument.Parse(folder.ReadDescription(list));
            foreach (var part in Parts)
            {
                if (!document.RootElement.TryGetProperty(part, out var entries) || entries.ValueKind != JsonValueKind.Array)
                {
                    continue;
                }

                foreach (var (n, entry) in entries.EnumerateArray().Index())
                {
                    foreach (var series in Case(folder, entry, $"{folder.FullPath(list)}, {part} entry {n}").Where(s => listed.Add(s.File.Path)))
                    {
                        yield return series;
                    }
                }
            }
        }

        foreach (var image in folder.Images.Where(f => !listed.Contains(folder.FullPath(f))))
        {
            yield return new LayoutSeries(DatasetFolder.ImageStem(image)!, "", folder.Series(image), ModalityProposal.Ignored("not in the data set's list"));
        }
    }

    /// <summary>Sidecars carry the name of their image and are not opened.</summary>
    private static string[] Lists(DatasetFolder folder)
    {
        var stems = folder.Images.Where(f => !f.Contains('/', StringComparison.Ordinal)).Select(f => DatasetFolder.ImageStem(f)!).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. folder.Files.Where(f => !f.Contains('/', StringComparison.Ordinal) && f.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
                && !stems.Contains(f[..^".json".Length]) && IsList(folder, f)),
        ];
    }

    private static bool IsList(DatasetFolder folder, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(folder.ReadDescription(file));
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && Parts.Any(p => root.TryGetProperty(p, out var entries) && entries.ValueKind == JsonValueKind.Array && entries.GetArrayLength() > 0
                    && entries[0].ValueKind == JsonValueKind.Object && entries[0].TryGetProperty("image", out _));
        }
        catch (Exception e) when (e is JsonException or FederationException)
        {
            // Sidecars and other JSON files lie about everywhere.
            return false;
        }
    }

    private static List<LayoutSeries> Case(DatasetFolder folder, JsonElement entry, string where)
    {
        if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("image", out var images))
        {
            throw ErrorCatalogue.DatasetFileInvalid.With($"{where} has no \"image\".");
        }

        var paths = images.ValueKind == JsonValueKind.Array ? images.EnumerateArray().Select(i => Text(i, where)).ToArray() : [Text(images, where)];
        var names = paths.Select(p => FreeName.Parse(DatasetFolder.ImageStem(p) ?? Path.GetFileNameWithoutExtension(p))).ToArray();
        var subject = names.Select(n => n.Subject).FirstOrDefault(s => s.Length > 0) ?? DatasetFolder.FoldersOf(paths.Length > 0 ? paths[0] : "").LastOrDefault() ?? "";
        if (subject.Length == 0)
        {
            throw ErrorCatalogue.DatasetFileInvalid.With($"{where} does not name a subject, neither by file names nor by folders.");
        }

        var session = names.Select(n => n.Session).FirstOrDefault(s => s.Length > 0) ?? "";
        var series = paths.Zip(names).Select(p => new LayoutSeries(subject, session, new SeriesFile(Inside(folder, p.First, where)), p.Second.Proposal)).ToList();
        if (entry.TryGetProperty("label", out var label))
        {
            if (label.ValueKind == JsonValueKind.String && DatasetFolder.ImageStem(label.GetString()!) is not null)
            {
                var file = new SeriesFile(Inside(folder, label.GetString()!, where));
                series.Add(new LayoutSeries(subject, session, file, ModalityProposal.Certain(ManifestRow.Segmentation, "label of the data set's list")));
            }
            else if (label.ValueKind is JsonValueKind.String or JsonValueKind.Number)
            {
                var text = label.ValueKind == JsonValueKind.String ? label.GetString()! : label.GetDouble().ToString(CultureInfo.InvariantCulture);
                series = [.. series.Select(s => s with { Class = text })];
            }
        }

        return series;
    }

    private static string Text(JsonElement element, string where) => element.ValueKind == JsonValueKind.String && element.GetString() is { Length: > 0 } text && !text.Contains('\0', StringComparison.Ordinal)
        ? text : throw ErrorCatalogue.DatasetFileInvalid.With($"{where}: a path must be a text.");

    private static string Inside(DatasetFolder folder, string path, string where)
    {
        var full = Path.GetFullPath(Path.Combine(folder.Root, path.Replace('\\', '/')));
        return full.StartsWith(Path.TrimEndingDirectorySeparator(folder.Root) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full : throw ErrorCatalogue.DatasetFileInvalid.With($"{where}: {path} leads out of {folder.Root}.");
    }
}
