using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Contracts.Storage;

/// <summary>
/// One process a folder: an exclusively opened <c>NAME.lock</c>, and <c>NAME.pid</c> with its holder's process id beside
/// it. The system lets go of the lock when the process ends, however it ends; only the lock counts, not the id.
/// </summary>
public sealed class FolderLock : IDisposable
{
    private readonly FileStream _file;
    private readonly string _processId;

    private FolderLock(FileStream file, string processId)
    {
        _file = file;
        _processId = processId;
    }

    /// <param name="path">The lock file; its folder is created when missing.</param>
    /// <exception cref="FederationException">BMF-1009 naming the holder when another process holds it.</exception>
    public static FolderLock Take(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var processId = Path.ChangeExtension(path, ".pid");
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (!DurableFile.IsDiskFull(e))
        {
            throw ErrorCatalogue.AlreadyRunning.With($"{folder} is in use by process {(ReadHolder(processId) is { } id ? id.ToString(CultureInfo.InvariantCulture) : "unknown")}.", e);
        }

        File.WriteAllText(processId, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new FolderLock(file, processId);
    }

    /// <summary>Process id of whoever holds the lock; 0 when held by somebody unknown, null when it is free.</summary>
    public static int? Holder(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var probe = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return null;
        }
        catch (IOException)
        {
            return ReadHolder(Path.ChangeExtension(path, ".pid")) ?? 0;
        }
    }

    public void Dispose()
    {
        File.Delete(_processId);
        _file.Dispose();
    }

    private static int? ReadHolder(string processId) =>
        File.Exists(processId) && int.TryParse(File.ReadAllText(processId), NumberStyles.Integer, CultureInfo.InvariantCulture, out var id) ? id : null;
}
