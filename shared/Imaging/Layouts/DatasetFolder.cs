using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>The files of one data set, by names alone.</summary>
internal sealed class DatasetFolder
{
    private static readonly string[] ImageExtensions = [".nii.gz", ".nii", ".hdr", ".hdr.gz"];
    private const long MaximumDescriptionBytes = 64L * 1024 * 1024;

    /// <param name="root">Full path.</param>
    /// <param name="name">Name for people; empty for the folder that was asked for.</param>
    /// <param name="files">Paths relative to the root, separated by '/'.</param>
    public DatasetFolder(string root, string name, IReadOnlyList<string> files)
    {
        Root = root;
        Name = name;
        Files = files;
        Images = [.. files.Where(f => ImageStem(f) is not null)];
    }

    public string Root { get; }

    public string Name { get; }

    /// <summary>Name of the folder itself.</summary>
    public string FolderName => Path.GetFileName(Path.TrimEndingDirectorySeparator(Root));

    /// <summary>Every file, in ordinal order.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The files named as NIfTI.</summary>
    public IReadOnlyList<string> Images { get; }

    /// <summary>Told while many files are opened; may be null.</summary>
    public Action<ScanProgress>? Report { get; init; }

    public string FullPath(string relative) => Path.Combine(Root, relative.Replace('/', Path.DirectorySeparatorChar));

    public SeriesFile Series(string relative, int? volume = null) => new(FullPath(relative), volume);

    public bool Has(string relative) => Files.Contains(relative, StringComparer.Ordinal);

    /// <summary>Names of the folders that hold files, in ordinal order.</summary>
    public IReadOnlyList<string> Folders =>
        [.. Files.Where(f => f.Contains('/', StringComparison.Ordinal)).Select(f => f[..f.IndexOf('/', StringComparison.Ordinal)]).Distinct(StringComparer.Ordinal)];

    /// <summary>A folder inside this one.</summary>
    public DatasetFolder Inside(string folder)
    {
        // The files are sorted, so that those of a folder stand together: large archives have many folders.
        var prefix = folder + "/";
        var (low, high) = (0, Files.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = string.CompareOrdinal(Files[middle], prefix) < 0 ? (middle + 1, high) : (low, middle);
        }

        var inside = new List<string>();
        for (; low < Files.Count && Files[low].StartsWith(prefix, StringComparison.Ordinal); low++)
        {
            inside.Add(Files[low][prefix.Length..]);
        }

        return new DatasetFolder(FullPath(folder), Name.Length == 0 ? folder : $"{Name}/{folder}", inside) { Report = Report };
    }

    /// <summary>This folder with some of its files only.</summary>
    public DatasetFolder Only(Func<string, bool> keep) => new(Root, Name, [.. Files.Where(keep)]) { Report = Report };

    /// <summary>File name without the extension of an image; null when the file is not named as one.</summary>
    public static string? ImageStem(string relative)
    {
        var name = relative[(relative.LastIndexOf('/') + 1)..];
        var extension = Array.Find(ImageExtensions, e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase));
        return extension is null || name.Length == extension.Length ? null : name[..^extension.Length];
    }

    /// <summary>The names of the folders on the way to a file.</summary>
    public static string[] FoldersOf(string relative) => relative.Split('/')[..^1];

    /// <summary>Reads a file that describes the data set.</summary>
    /// <exception cref="FederationException">BMF-1113 when it is too large or cannot be read.</exception>
    public byte[] ReadDescription(string relative)
    {
        var path = FullPath(relative);
        try
        {
            return new FileInfo(path).Length <= MaximumDescriptionBytes
                ? File.ReadAllBytes(path)
                : throw ErrorCatalogue.DatasetFileInvalid.With($"{path} is larger than {MaximumDescriptionBytes} bytes.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.DatasetFileInvalid.With($"{path} cannot be read: {e.Message}", e);
        }
    }
}
