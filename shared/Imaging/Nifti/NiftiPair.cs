using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>
/// The names of .hdr/.img pairs. Either of the two may be named and either may be packed; an extension in capitals has
/// its partner in capitals.
/// </summary>
internal static class NiftiPair
{
    /// <summary>Opens the file that holds the header: that of the name, or the .hdr beside an .img.</summary>
    /// <exception cref="FederationException">BMF-1110.</exception>
    public static NiftiInput OpenHeader(OpenFile open, string path)
    {
        var names = Partners(path, ".img", ".hdr");
        return Open(open, names.Length == 0 ? [path] : names)
            ?? throw ErrorCatalogue.DataFolderMissing.With(names.Length == 0 ? $"{path} does not exist." : $"{path} has no .hdr file beside it.");
    }

    /// <summary>Opens the .img beside a .hdr.</summary>
    /// <exception cref="FederationException">BMF-1102.</exception>
    public static NiftiInput OpenImage(OpenFile open, string headerPath) => Open(open, Partners(headerPath, ".hdr", ".img"))
        ?? throw ErrorCatalogue.FileTruncated.With($"{headerPath} has no .img file with its voxels beside it.");

    private static NiftiInput? Open(OpenFile open, string[] names)
    {
        foreach (var name in names)
        {
            if (NiftiInput.Open(open, name) is { } input)
            {
                return input;
            }
        }

        return null;
    }

    /// <summary>Names of the other half, likeliest first; none when the name does not have the extension.</summary>
    private static string[] Partners(string path, string extension, string other)
    {
        var packed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        var (stem, gz) = packed ? (path[..^3], path[^3..]) : (path, ".gz");
        if (!stem.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
        {
            return [];
        }

        var capitals = stem.EndsWith(extension.ToUpperInvariant(), StringComparison.Ordinal);
        var plain = stem[..^extension.Length] + (capitals ? other.ToUpperInvariant() : other);
        return packed ? [plain + gz, plain] : [plain, plain + gz];
    }
}
