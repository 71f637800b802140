using System.Security.Cryptography;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.SiteAgent.Data;

/// <summary>
/// The secret of a site that its pseudonyms are made with: 32 random bytes, made once, never replaced. The file holds
/// one line, the key and the beginning of its SHA-256, so that damage is noticed before it changes a pseudonym.
/// </summary>
internal static class PseudonymKey
{
    private const int KeyBytes = 32;
    private const string Title = "site-agent-pseudonym-key-1";

    /// <exception cref="FederationException">BMF-1121 when the file is damaged or cannot be read or written, BMF-1403 when the disk is full.</exception>
    public static byte[] ReadOrCreate(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                Create(path);
            }

            var parts = Encoding.ASCII.GetString(File.ReadAllBytes(path)).TrimEnd('\n').Split(' ');
            if (parts is [Title, { Length: 2 * KeyBytes } hex, var check] && hex.All(char.IsAsciiHexDigitLower) && Check(Convert.FromHexString(hex)) == check)
            {
                return Convert.FromHexString(hex);
            }
        }
        catch (IOException e) when (DurableFile.IsDiskFull(e))
        {
            throw ErrorCatalogue.DiskFull.With($"Writing {path} failed: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.PseudonymsUnavailable.With($"{path} cannot be used: {e.Message}", e);
        }

        throw ErrorCatalogue.PseudonymsUnavailable.With($"{path} is damaged.");
    }

    private static void Create(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(Encoding.ASCII.GetBytes($"{Title} {Convert.ToHexStringLower(key)} {Check(key)}\n"));
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: false);
            DurableFile.SyncFolder(folder);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another command of the site made the key at the same moment; its key counts.
            File.Delete(temporary);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static string Check(byte[] key) => Convert.ToHexStringLower(SHA256.HashData(key).AsSpan(0, 8));
}
