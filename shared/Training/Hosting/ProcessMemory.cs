using System.Globalization;
using System.Runtime.InteropServices;

namespace BrainMVP.Federated.Training.Hosting;

/// <summary>Memory of this process as Linux counts it; elsewhere as .NET does.</summary>
public static partial class ProcessMemory
{
    private const string Status = "/proc/self/status";
    private const string ClearReferences = "/proc/self/clear_refs";
    private const string MachineMemory = "/proc/meminfo";

    /// <summary>The part of the available memory that a trainer may take: the page cache and others need some.</summary>
    private const double UsablePart = 0.92;

    private const int DataLimit = 2;

    /// <summary>Starts a new peak at the present size, where the system permits it.</summary>
    public static void ResetPeak()
    {
        try
        {
            File.WriteAllText(ClearReferences, "5");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The peak is then of the whole life of the process.
        }
    }

    /// <summary>Largest resident memory since the last reset, bytes.</summary>
    public static long PeakBytes() => Line(Status, "VmHWM:") ?? Fallback();

    /// <summary>
    /// Makes allocations fail that the machine cannot serve. Linux promises more memory than there is and kills the
    /// process that uses it; a failed allocation, however, can be answered with smaller micro-batches.
    /// </summary>
    public static void LimitToAvailable()
    {
        if (Line(MachineMemory, "MemAvailable:") is not { } available || Line(Status, "VmData:") is not { } used)
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
            limit.Soft = Math.Min(limit.Soft, (ulong)(used + (long)(available * UsablePart)));
            _ = SetLimit(DataLimit, in limit);
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

    private static long? Line(string file, string name)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        // For example "VmHWM:    123456 kB".
        var line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        var fields = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields?.Length > 1 && long.TryParse(fields[^2], CultureInfo.InvariantCulture, out var kilobytes) ? kilobytes * 1024 : null;
    }

    private static long Fallback()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

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
