using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>
/// Whether the library's convolutions can be trusted on this processor. libtorch 2.10 hands them to oneDNN; on some
/// processors (measured: AMD with AVX-512) its backward pass leaves parts of the gradient of the input unwritten when
/// the channels lie together. A small convolution with known gradients decides, once a process; where it fails, oneDNN
/// is switched off and the library's own loops compute: slower, and right.
/// </summary>
public static unsafe class LibraryConvolutions
{
    private static readonly Lock Gate = new();
    private static bool? _trusted;

    /// <summary>Checks once and switches oneDNN off where it is wrong. Call after libtorch is loaded.</summary>
    /// <returns>True when oneDNN stays on.</returns>
    public static bool Check()
    {
        lock (Gate)
        {
            _trusted ??= GradientsAreRight() || !SwitchOff();
            return _trusted.Value;
        }
    }

    /// <summary>
    /// The gradient of a depth-wise convolution with a kernel of ones, for an upstream gradient of ones, is the number of
    /// outputs that a voxel reaches. Memory that is not zero is given back first: what is left unwritten must show.
    /// </summary>
    private static bool GradientsAreRight()
    {
        foreach (var (channels, side) in ((int, int)[])[(12, 5), (8, 7), (16, 6)])
        {
            using var scope = NewDisposeScope();
            for (var n = 0; n < 4; n++)
            {
                using var dirty = full(new long[] { 2, side, side, side, channels }, 7.5);
            }

            using var weight = ones(new long[] { channels, 1, 3, 3, 3 });
            var input = zeros(new long[] { 2, side, side, side, channels }).requires_grad_();
            var output = nn.functional.conv3d(input.permute(0, 4, 1, 2, 3), weight, padding: [1, 1, 1], groups: channels).permute(0, 2, 3, 4, 1);
            output.sum().backward();
            using var noGradient = no_grad();
            var reach = Reach(side);
            if (!input.grad!.allclose(reach.expand_as(input), 1e-4, 1e-4))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Outputs that each voxel reaches, [1, side, side, side, 1]: 3 along an axis, 2 at its ends.</summary>
    private static Tensor Reach(int side)
    {
        var line = full(new long[] { side }, 3f);
        line[0] = tensor(2f);
        line[side - 1] = tensor(2f);
        return line.reshape(1, side, 1, 1, 1) * line.reshape(1, 1, side, 1, 1) * line.reshape(1, 1, 1, side, 1);
    }

    private static bool SwitchOff()
    {
        if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so", out var library)
            || !NativeLibrary.TryGetExport(library, "_ZN2at13globalContextEv", out var context)
            || !NativeLibrary.TryGetExport(library, "_ZN2at7Context20setUserEnabledMkldnnEb", out var set))
        {
            return false;
        }

        ((delegate* unmanaged<nint, byte, void>)set)(((delegate* unmanaged<nint>)context)(), 0);
        return true;
    }
}
