using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;

namespace BrainMVP.Federated.Training.Hosting;

/// <summary>
/// Exports of the loaded libtorch that TorchSharp does not pass on. Names of C++ functions belong to one version of
/// libtorch, so each caller resolves its own once and has a way without them.
/// </summary>
internal static class NativeTorch
{
    private static readonly nint Library = Open();

    /// <summary>Address of an exported function of libtorch_cpu, or 0 when this libtorch has none of that name.</summary>
    public static nint Export(string name) => Library != 0 && NativeLibrary.TryGetExport(Library, name, out var address) ? address : 0;

    /// <summary>True when this process has loaded a library whose file name begins so.</summary>
    public static bool IsLoaded(string name) => LoadedPath(name) is not null;

    /// <summary>Path of a loaded library whose file name begins so, or null.</summary>
    public static string? LoadedPath(string name)
    {
        using var process = Process.GetCurrentProcess();
        foreach (ProcessModule module in process.Modules)
        {
            using (module)
            {
                if (Path.GetFileName(module.FileName).StartsWith(name, StringComparison.OrdinalIgnoreCase))
                {
                    return module.FileName;
                }
            }
        }

        return null;
    }

    private static nint Open()
    {
        torch.InitializeDeviceType(DeviceType.CPU);
        var name = OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so";

        // By its bare name the loader hands out the copy that is loaded already, wherever it came from.
        return NativeLibrary.TryLoad(name, out var library) ? library : 0;
    }
}
