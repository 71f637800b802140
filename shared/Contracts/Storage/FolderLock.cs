using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Contracts.Storage;

/// <summary>One process a folder: an exclusively opened file that names its holder. The system releases it when the process dies.</summary>
public sealed class FolderLock : IDisposable
{
    private readonly FileStream _file;

    private FolderLock(FileStream file)
    {
        _file = file;
    }

    /// <exception cref="FederationException">BMF-1009 when another process holds it.</exception>
    public static FolderLock Take(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(path + ".pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new FolderLock(file);
        }
        catch (IOException e) when (!DurableFile.IsDiskFull(e))
        {
            throw ErrorCatalogue.AlreadyRunning.With($"{Path.GetDirectoryName(Path.GetFullPath(path))} is in use by process {HolderOf(path)}.", e);
        }
    }

    /// <summary>Process id that the last holder wrote, or "unknown".</summary>
    public static string HolderOf(string path) => File.Exists(path + ".pid") ? File.ReadAllText(path + ".pid") : "unknown";

    public void Dispose() => _file.Dispose();
}
