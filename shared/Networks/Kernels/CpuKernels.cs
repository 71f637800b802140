using BrainMVP.Federated.Networks.Autograd;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>When own kernels take the place of the library's operators.</summary>
internal static class CpuKernels
{
    /// <summary>Tests compare with the library by switching own kernels off, on this thread.</summary>
    [ThreadStatic]
    internal static bool SwitchedOff;

    /// <summary>Whether own kernels that convert to 32 bits themselves work on this tensor.</summary>
    public static bool OnCpu(Tensor tensor) => !SwitchedOff && tensor.device_type == DeviceType.CPU;

    /// <summary>Whether own kernels work on this tensor: in CPU memory, 32-bit floats, without mixed precision.</summary>
    public static bool Apply(Tensor tensor) =>
        !SwitchedOff && tensor.device_type == DeviceType.CPU && tensor.dtype == ScalarType.Float32 && Ambient.Capture() is null;
}
