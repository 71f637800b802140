namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>A folder with one CSV manifest in it.</summary>
internal sealed class ManifestLayout : ILayout
{
    public string? Recognise(DatasetFolder folder) => Manifest(folder) is { } file ? $"CSV manifest ({file})" : null;

    public IEnumerable<LayoutSeries> Read(DatasetFolder folder) => ManifestReader.Read(folder.FullPath(Manifest(folder)!));

    private static string? Manifest(DatasetFolder folder)
    {
        var manifests = folder.Files.Where(f => !f.Contains('/', StringComparison.Ordinal) && f.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) && ManifestReader.IsManifest(folder.FullPath(f))).ToArray();
        return manifests.Length == 1 ? manifests[0] : null;
    }
}
