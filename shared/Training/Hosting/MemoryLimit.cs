using System.Globalization;
using System.Runtime.InteropServices;

namespace BrainMVP.Federated.Training.Hosting;

/// <summary>
/// Makes allocations fail that the machine cannot serve. Linux promises more memory than there is and kills the process
/// that uses it; a failed allocation, however, can be answered with smaller micro-batches once memory is given back.
/// </summary>
public static partial class MemoryLimit
{
    /// <summary>The part of the available memory that a trainer may take: the page cache and others need some.</summary>
    private const double UsablePart = 0.92;

    /// <summary>RLIMIT_DATA of Linux: private writable memory.</summary>
    private const int DataLimit = 2;

    /// <summary>The limit that the process was started with.</summary>
    private static ulong? _given;

    /// <summary>Limits this process to what it holds and what the machine and its control group have left now.</summary>
    public static void SetToAvailable()
    {
        if (DeviceMemory.ReadSize("/proc/meminfo", "MemAvailable:") is not { } available || DeviceMemory.ReadSize(DeviceMemory.StatusFile, "VmData:") is not { } used)
        {
            return;
        }

        if (ControlGroup() is { } room)
        {
            available = Math.Min(available, room);
        }

        // A limit that somebody has set already stays when it is lower.
        if (GetLimit(DataLimit, out var limit) == 0)
        {
            _given ??= limit.Soft;
            limit.Soft = Math.Min(_given.Value, (ulong)(used + (long)(available * UsablePart)));
            _ = SetLimit(DataLimit, in limit);
        }
    }

    /// <summary>
    /// Gives back what this process holds without using it: native tensors whose managed side waits for its finaliser,
    /// and freed memory that the C library keeps.
    /// </summary>
    public static void Release()
    {
        FinalizerGate.Drain();
        try
        {
            _ = Trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library than glibc: it has its own ways.
        }
    }

    /// <summary>What the control group of this process still grants; null without a limit.</summary>
    private static long? ControlGroup()
    {
        const string Folder = "/sys/fs/cgroup";
        try
        {
            return long.TryParse(File.ReadAllText(Path.Combine(Folder, "memory.max")), CultureInfo.InvariantCulture, out var maximum)
                && long.TryParse(File.ReadAllText(Path.Combine(Folder, "memory.current")), CultureInfo.InvariantCulture, out var current)
                ? Math.Max(0, maximum - current)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint keep);

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
