using System.Collections.Concurrent;
using System.Security.Cryptography;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>SHA-256 of files, each state of a file hashed once. Folders hash as the names and bytes of their files.</summary>
internal sealed class FileHashes
{
    private readonly ConcurrentDictionary<(string Path, long Length, long Written), string> _known = new();

    /// <summary>Lower-case hexadecimal SHA-256.</summary>
    /// <exception cref="FederationException">BMF-1110 when it cannot be read.</exception>
    public string Of(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                var text = string.Join('\n', Directory.GetFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{Path.GetRelativePath(path, f)} {Of(f)}"));
                return Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
            }

            var file = new FileInfo(path);
            return _known.GetOrAdd((path, file.Length, file.LastWriteTimeUtc.Ticks), _ => FileHash.Of(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.DataFolderMissing.With($"{path} cannot be read: {e.Message}", e);
        }
    }
}
