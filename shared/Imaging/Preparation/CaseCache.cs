using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>Case files of a folder, named by their keys.</summary>
internal static class CaseCache
{
    /// <summary>End of the name of a case file.</summary>
    public const string Extension = ".case";

    public static string NameOf(string key) => key + Extension;

    /// <summary>Opens the case of a key and verifies all of it; null when it is not there or damaged.</summary>
    public static CaseFile? Find(string folder, string key, CancellationToken cancellation)
    {
        CaseFile? file = null;
        try
        {
            file = CaseFile.Open(Path.Combine(folder, NameOf(key)));
            file.Verify(cancellation);
            if (file.Key == key)
            {
                return file;
            }
        }
        catch (FederationException)
        {
            // A file that cannot be used costs time, not correctness: the case is prepared again.
        }
        catch
        {
            file?.Dispose();
            throw;
        }

        file?.Dispose();
        return null;
    }

    /// <summary>Takes the case of a key over from another folder where it lies there whole: by a hard link, else by a copy.</summary>
    /// <returns>The case in <paramref name="folder"/>; null when the other folder does not have it.</returns>
    /// <exception cref="FederationException">BMF-1403 when the disk is full.</exception>
    public static CaseFile? TakeOver(string other, string folder, string key, CancellationToken cancellation)
    {
        var (source, path) = (Path.Combine(other, NameOf(key)), Path.Combine(folder, NameOf(key)));
        try
        {
            using var known = Find(other, key, cancellation);
            if (known is null)
            {
                return null;
            }

            // Whatever lies at the path was not usable. The new name appears whole or not at all.
            File.Delete(path);
            if (HardLink.TryCreate(source, path))
            {
                DurableFile.SyncFolder(folder);
            }
            else
            {
                using var bytes = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
                DurableFile.Write(path, bytes.CopyTo);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !DurableFile.IsDiskFull(e))
        {
            // The other folder's run has just ended, for example.
            return null;
        }

        return Find(folder, key, cancellation);
    }

    /// <summary>Deletes case files that are not among the names to keep, and what an interrupted writer left behind.</summary>
    public static void Sweep(string folder, IReadOnlySet<string> keep)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Extension).Where(f => !keep.Contains(Path.GetFileName(f))).ToArray())
        {
            File.Delete(path);
        }

        foreach (var path in Directory.EnumerateFiles(folder, $".*{Extension}.*.tmp").ToArray())
        {
            File.Delete(path);
        }
    }
}
