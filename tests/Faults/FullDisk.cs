using System.Runtime.InteropServices;

namespace BrainMVP.Federated.Faults;

/// <summary>
/// The aggregator's folder on a file system of limited size that something else fills up in the middle of a round, and
/// that is given room again. The round must pause with the reason and go on by itself.
/// </summary>
public static partial class FullDisk
{
    /// <summary>Room for the rounds and for the reserve that the aggregator keeps, and not much more.</summary>
    private const string Size = "64m";

    private static readonly TimeSpan Full = TimeSpan.FromSeconds(8);

    /// <summary>Where the file system is mounted.</summary>
    public static string MountPoint { get; } = Path.Combine(Path.GetTempPath(), $"bmf-full-disk-{Environment.ProcessId}");

    /// <summary>The aggregator's folder on it.</summary>
    public static string Folder { get; } = Path.Combine(MountPoint, "aggregator");

    public static bool CanMount()
    {
        Directory.CreateDirectory(MountPoint);
        var can = Mount("tmpfs", MountPoint, "tmpfs", 0, $"size={Size}") == 0;
        if (can)
        {
            _ = Unmount(MountPoint, 0);
        }

        Directory.Delete(MountPoint);
        return can;
    }

    public static void Prepare()
    {
        Directory.CreateDirectory(MountPoint);
        if (Mount("tmpfs", MountPoint, "tmpfs", 0, $"size={Size}") != 0)
        {
            throw new InvalidOperationException($"A tmpfs cannot be mounted at {MountPoint}.");
        }
    }

    public static void CleanUp()
    {
        _ = Unmount(MountPoint, 2);
        Directory.Delete(MountPoint);
    }

    public static async Task<string> Disturb(RunningSimulation simulation, CancellationToken cancellation)
    {
        await simulation.Until(() => File.Exists(Path.Combine(simulation.Round("north", 1), "open.json")), "the first round at north", cancellation);
        var filler = Path.Combine(MountPoint, "filler");
        Fill(filler);
        await simulation.Until(() => simulation.Text.Contains("BMF-1403", StringComparison.Ordinal), "a pause for the full disk (BMF-1403)", cancellation);
        await Task.Delay(Full, cancellation);
        File.Delete(filler);
        return "paused with BMF-1403, went on when there was room";
    }

    /// <summary>Fills the disk to its last block, as a log or a backup of somebody else would.</summary>
    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    [LibraryImport("libc", EntryPoint = "mount", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);
}
