using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Hosting;

/// <summary>How much memory training takes, in bytes.</summary>
public static unsafe class DeviceMemory
{
    internal const string StatusFile = "/proc/self/status";

    private static readonly Lazy<nint> CudaRuntime = new(FindCudaRuntime);

    /// <summary>Largest resident memory of this process since its start, or since <see cref="ResetPeak"/>.</summary>
    public static long PeakResident()
    {
        if (Status("VmHWM:") is { } peak)
        {
            return peak;
        }

        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    /// <summary>Present resident memory of this process.</summary>
    public static long Resident() => Status("VmRSS:") ?? Environment.WorkingSet;

    /// <summary>Starts <see cref="PeakResident"/> again at the present value.</summary>
    /// <returns>False where the system does not allow it: the peak then counts from the start of the process.</returns>
    public static bool ResetPeak()
    {
        try
        {
            // 5 is the kernel's word for "reset the high-water mark".
            File.WriteAllText("/proc/self/clear_refs", "5");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Used and total memory of a CUDA device, by all processes; null for other devices and where it cannot be told.</summary>
    public static (long Used, long Total)? Cuda(Device device)
    {
        if (device.type != DeviceType.CUDA || CudaRuntime.Value == 0)
        {
            return null;
        }

        var get = (delegate* unmanaged<int*, int>)Export("cudaGetDevice");
        var set = (delegate* unmanaged<int, int>)Export("cudaSetDevice");
        var info = (delegate* unmanaged<nuint*, nuint*, int>)Export("cudaMemGetInfo");
        int before;
        nuint free, total;
        if (get == null || set == null || info == null || get(&before) != 0 || set(Math.Max(device.index, 0)) != 0)
        {
            return null;
        }

        // libtorch trusts this thread's current device to be the one it left.
        var told = info(&free, &total) == 0;
        return set(before) == 0 && told ? ((long)(total - free), (long)total) : null;
    }

    private static nint Export(string name) => NativeLibrary.TryGetExport(CudaRuntime.Value, name, out var address) ? address : 0;

    private static nint FindCudaRuntime()
    {
        var folder = Environment.GetEnvironmentVariable("LIBTORCH_DIR");
        var candidates = new[] { NativeTorch.LoadedPath("libcudart") }
            .Concat(Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "libcudart*.so*").Order(StringComparer.Ordinal) : []);
        foreach (var path in candidates)
        {
            if (path is not null && NativeLibrary.TryLoad(path, out var library))
            {
                return library;
            }
        }

        return 0;
    }

    private static long? Status(string key) => ReadSize(StatusFile, key);

    /// <summary>A size from a file of the kernel in bytes; the file has kB. Null where there is none.</summary>
    internal static long? ReadSize(string file, string key)
    {
        try
        {
            var line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
            return line is not null && long.TryParse(line.AsSpan(key.Length).Trim().TrimEnd("kB").Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                ? size * 1024
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
