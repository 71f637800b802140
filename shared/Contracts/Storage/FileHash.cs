using System.Security.Cryptography;

namespace BrainMVP.Federated.Contracts.Storage;

/// <summary>SHA-256 of a whole file.</summary>
public static class FileHash
{
    private const int BufferBytes = 1 << 16;

    /// <summary>Lower-case hexadecimal.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static string Of(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
