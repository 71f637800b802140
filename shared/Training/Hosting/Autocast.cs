using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Autograd;
using TorchSharp;

namespace BrainMVP.Federated.Training.Hosting;

/// <summary>
/// Mixed precision as libtorch does it: inside a region, convolutions, matrix products and attention compute in 16 bits;
/// parameters, their gradients, sums and losses stay 32-bit floats. TorchSharp has no call for it, so it may be missing
/// with another libtorch, and everything then stays fp32.
/// </summary>
/// <remarks>
/// Put the forward pass of one micro-batch into a region, and its backward pass behind the region's end: operators
/// remember their number format. A forward pass that runs again in the backward pass enters its own.
/// </remarks>
public static unsafe class Autocast
{
    private static readonly delegate* unmanaged<sbyte, byte> IsEnabled = (delegate* unmanaged<sbyte, byte>)NativeTorch.Export("_ZN2at8autocast19is_autocast_enabledEN3c1010DeviceTypeE");
    private static readonly delegate* unmanaged<sbyte, byte, void> SetEnabled = (delegate* unmanaged<sbyte, byte, void>)NativeTorch.Export("_ZN2at8autocast20set_autocast_enabledEN3c1010DeviceTypeEb");
    private static readonly delegate* unmanaged<sbyte, sbyte> GetFormat = (delegate* unmanaged<sbyte, sbyte>)NativeTorch.Export("_ZN2at8autocast18get_autocast_dtypeEN3c1010DeviceTypeE");
    private static readonly delegate* unmanaged<sbyte, sbyte, void> SetFormat = (delegate* unmanaged<sbyte, sbyte, void>)NativeTorch.Export("_ZN2at8autocast18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE");
    private static readonly delegate* unmanaged<byte> IsCaching = (delegate* unmanaged<byte>)NativeTorch.Export("_ZN2at8autocast25is_autocast_cache_enabledEv");
    private static readonly delegate* unmanaged<byte, void> SetCaching = (delegate* unmanaged<byte, void>)NativeTorch.Export("_ZN2at8autocast26set_autocast_cache_enabledEb");
    private static readonly delegate* unmanaged<int> Deeper = (delegate* unmanaged<int>)NativeTorch.Export("_ZN2at8autocast17increment_nestingEv");
    private static readonly delegate* unmanaged<int> Shallower = (delegate* unmanaged<int>)NativeTorch.Export("_ZN2at8autocast17decrement_nestingEv");
    private static readonly delegate* unmanaged<void> ClearCache = (delegate* unmanaged<void>)NativeTorch.Export("_ZN2at8autocast11clear_cacheEv");

    // What is computed again in a backward pass asks here for the region it was computed in first.
    static Autocast() => Ambient.Capture = Capture;

    /// <summary>Why everything stays fp32 here, for the log; null when mixed precision works.</summary>
    public static string? Unavailable { get; } =
        IsEnabled == null || SetEnabled == null || GetFormat == null || SetFormat == null || IsCaching == null || SetCaching == null
        || Deeper == null || Shallower == null || ClearCache == null
            ? $"Mixed precision needs libtorch 2.10; this is {torch.__version__} without its functions. Training stays in fp32."
            : null;

    /// <summary>Opens a region on this thread that lasts until it is disposed on the same thread.</summary>
    /// <param name="device">CPU or CUDA: where the operators run.</param>
    /// <param name="precision">One of <see cref="Precisions"/>.</param>
    /// <returns>Null for fp32 and while <see cref="Unavailable"/> has a reason: nothing changes then.</returns>
    /// <exception cref="ArgumentException">An unknown precision, or another device.</exception>
    public static IDisposable? Enter(DeviceType device, string precision)
    {
        if (precision == Precisions.Fp32)
        {
            return null;
        }

        if (device is not (DeviceType.CPU or DeviceType.CUDA))
        {
            throw new ArgumentException($"Mixed precision is for CPU and CUDA, not for {device}.", nameof(device));
        }

        var format = precision switch
        {
            Precisions.Bf16 => torch.ScalarType.BFloat16,
            Precisions.Fp16 => torch.ScalarType.Float16,
            _ => throw new ArgumentException($"The precision \"{precision}\" is unknown.", nameof(precision)),
        };
        return Unavailable is null ? new Region((sbyte)device, (sbyte)format) : null;
    }

    /// <summary>Opens the regions of this thread again on the thread that calls the result; null outside of all regions.</summary>
    private static Func<IDisposable>? Capture()
    {
        if (Unavailable is not null)
        {
            return null;
        }

        var (cpu, cuda) = (IsEnabled((sbyte)DeviceType.CPU) != 0, IsEnabled((sbyte)DeviceType.CUDA) != 0);
        if (!cpu && !cuda)
        {
            return null;
        }

        // A forward pass runs on one kind of device; the innermost region on it counts.
        var device = (sbyte)(cuda ? DeviceType.CUDA : DeviceType.CPU);
        var format = GetFormat(device);
        return () => new Region(device, format);
    }

    private sealed class Region : IDisposable
    {
        private readonly sbyte _device;
        private readonly byte _enabled;
        private readonly sbyte _format;
        private readonly byte _caching;
        private readonly int _thread = Environment.CurrentManagedThreadId;
        private bool _closed;

        public Region(sbyte device, sbyte format)
        {
            _device = device;
            (_enabled, _format, _caching) = (IsEnabled(device), GetFormat(device), IsCaching());
            SetEnabled(device, 1);
            SetFormat(device, format);

            // The cache would keep 16-bit copies of weights for a second use. Here each weight is used once a forward
            // pass, and a copy made where gradients are off would cut a later use off from its gradient.
            SetCaching(0);
            Deeper();
        }

        public void Dispose()
        {
            if (_closed)
            {
                return;
            }

            if (Environment.CurrentManagedThreadId != _thread)
            {
                throw new InvalidOperationException("A mixed-precision region ends on the thread it began on.");
            }

            _closed = true;
            if (Shallower() == 0)
            {
                ClearCache();
            }

            SetCaching(_caching);
            SetFormat(_device, _format);
            SetEnabled(_device, _enabled);
        }
    }
}
