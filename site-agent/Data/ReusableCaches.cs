namespace BrainMVP.Federated.SiteAgent.Data;

/// <summary>Folders that may hold cases which were prepared before, so that they need not be prepared again.</summary>
public static class ReusableCaches
{
    /// <summary>Files by which a folder of <c>data prepare</c> is known.</summary>
    private const string Manifest = "manifest.csv";

    private const string Cache = "cache";

    /// <summary>The cache of the folder of <c>data prepare</c> that a data path is or lies in.</summary>
    /// <param name="dataPath">Folder or manifest.</param>
    /// <returns>At most one folder.</returns>
    public static IReadOnlyList<string> Of(string dataPath)
    {
        for (var folder = Path.GetFullPath(dataPath); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            var cache = Path.Combine(folder, Cache);
            if (File.Exists(Path.Combine(folder, Manifest)) && Directory.Exists(cache))
            {
                return [cache];
            }
        }

        return [];
    }

    /// <summary>The caches of a site's other runs. They go when their run ends; what was taken over stays.</summary>
    /// <param name="caches">Folder with a folder for each run.</param>
    /// <param name="own">Folder of the run that prepares.</param>
    public static IReadOnlyList<string> OfOtherRuns(string caches, string own) => Directory.Exists(caches)
        ? [.. Directory.EnumerateDirectories(caches).Where(f => Path.GetFileName(f) != Path.GetFileName(own)).Order(StringComparer.Ordinal)]
        : [];
}
