using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Networks.Kernels;
using TorchSharp;

namespace BrainMVP.Federated.Training.Hosting;

/// <summary>Brings libtorch up once a process and fixes its thread counts.</summary>
public static class TorchRuntime
{
    private static readonly Lock Gate = new();
    private static bool _started;

    /// <summary>Loads libtorch, from <c>LIBTORCH_DIR</c> when set, and sets the number of threads.</summary>
    /// <exception cref="FederationException">BMF-1504 when it cannot be loaded.</exception>
    public static void Start(int threads)
    {
        lock (Gate)
        {
            try
            {
                if (!_started)
                {
                    LoadFromFolder(Environment.GetEnvironmentVariable("LIBTORCH_DIR"));

                    // One inter-op thread: results depend on the order in which operators run. It can be set once only.
                    if (torch.get_num_interop_threads() != 1)
                    {
                        torch.set_num_interop_threads(1);
                    }

                    LibraryConvolutions.Check();
                    _started = true;
                }

                torch.set_num_threads(threads);
            }
            catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or NotSupportedException or BadImageFormatException)
            {
                // Upstream puts its whole search into the message; the first line says what is missing.
                throw ErrorCatalogue.TorchUnavailable.With((e.InnerException ?? e).Message.Split('\n')[0].Trim(), e);
            }
        }
    }

    /// <summary>
    /// Lets CUDA be fast: matrix products and convolutions of 32-bit floats in TF32 (19 bits, sums in 32), and cuDNN
    /// measures its algorithms once for each shape. For trainers on CUDA; the CPU computes as before.
    /// </summary>
    /// <returns>False when this libtorch has no switch for cuDNN's measuring; the rest is set all the same.</returns>
    public static unsafe bool UseFastCuda()
    {
        torch.backends.cuda.matmul.allow_tf32 = true;
        torch.backends.cudnn.allow_tf32 = true;
        var context = (delegate* unmanaged<nint>)NativeTorch.Export("_ZN2at13globalContextEv");
        var setBenchmark = (delegate* unmanaged<nint, byte, void>)NativeTorch.Export("_ZN2at7Context17setBenchmarkCuDNNEb");
        if (context == null || setBenchmark == null)
        {
            return false;
        }

        setBenchmark(context(), 1);
        return true;
    }

    private static void LoadFromFolder(string? folder)
    {
        if (string.IsNullOrEmpty(folder))
        {
            return;
        }

        // Dependencies first; the CUDA pair exists only in CUDA builds.
        foreach (var (name, required) in (ReadOnlySpan<(string, bool)>)[("libc10.so", true), ("libtorch_cpu.so", true), ("libc10_cuda.so", false), ("libtorch_cuda.so", false), ("libtorch.so", true)])
        {
            var path = Path.Combine(folder, name);
            if (required || File.Exists(path))
            {
                NativeLibrary.Load(path);
            }
        }
    }
}
