using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Contracts.Storage;

/// <summary>
/// Files that are either there whole or not there: temporary file in the same folder, fsync, rename, fsync of the
/// folder. A crash at any instant leaves the old content or the new one.
/// </summary>
public static partial class DurableFile
{
    private const int NoSpaceLeft = 28;
    private const int QuotaExceeded = 122;

    /// <exception cref="FederationException">BMF-1403 when the disk is full; the target is unchanged then.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}-{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            Publish(temporary, path);
        }
        catch (IOException e) when (IsDiskFull(e))
        {
            TryDelete(temporary);
            throw ErrorCatalogue.DiskFull.With($"Writing {path} failed: {e.Message}", e);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    public static void WriteAllBytes(string path, ReadOnlyMemory<byte> bytes) => Write(path, s => s.Write(bytes.Span));

    public static void WriteAllText(string path, string text) => WriteAllBytes(path, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Gives an already synced temporary file its final name and syncs the folder.</summary>
    public static void Publish(string temporary, string path)
    {
        File.Move(temporary, path, overwrite: true);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>True for the system's "no space left" and "quota exceeded".</summary>
    public static bool IsDiskFull(Exception e) => e is IOException io
        && (OperatingSystem.IsWindows() ? (io.HResult & 0xFFFF) is 0x70 or 0x27 : io.HResult is NoSpaceLeft or QuotaExceeded);

    /// <summary>Makes renames and deletions in a folder durable. A no-op on Windows, which has no such call.</summary>
    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(folder, 0);
        if (descriptor < 0)
        {
            return;
        }

        _ = FSync(descriptor);
        _ = Close(descriptor);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The write already failed with the error that matters; a left-over .tmp file is swept at the next start.
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
