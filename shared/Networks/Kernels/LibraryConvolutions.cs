using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>How far the library's fast convolutions can be trusted on a processor.</summary>
public enum ConvolutionTrust
{
    /// <summary>As they are.</summary>
    Everywhere,

    /// <summary>Where all channels are one group and lie together in memory.</summary>
    ChannelsTogether,

    /// <summary>Nowhere: the library's own loops compute, slower and right.</summary>
    Nowhere,
}

/// <summary>
/// Whether the library's convolutions can be trusted on this processor. libtorch 2.10 hands them to oneDNN, whose kernels
/// are wrong on some processors (measured: AMD with AVX-512). Where the channels that it sums over are no multiple of
/// 16, it leaves parts of outputs and gradients unwritten, or reads beyond; with one group and the channels together it
/// takes other kernels, which were right for every shape tried. Small convolutions against 64-bit ones, which it does not
/// compute, decide once a process.
/// </summary>
public static unsafe class LibraryConvolutions
{
    private static readonly Lock Gate = new();
    private static ConvolutionTrust? _trust;

    /// <summary>What <see cref="Check"/> found; everywhere before it was called.</summary>
    public static ConvolutionTrust Trust => _trust ?? ConvolutionTrust.Everywhere;

    /// <summary>Checks once and switches oneDNN off where it is of no use. Call after libtorch is loaded.</summary>
    public static ConvolutionTrust Check()
    {
        lock (Gate)
        {
            return _trust ??= Decide();
        }
    }

    /// <summary>Brings the channels of a grid together in memory.</summary>
    /// <param name="input">[B, C, D, H, W].</param>
    internal static Tensor ChannelsTogether(Tensor input) => Grids.OfRows(Grids.Rows(input));

    private static ConvolutionTrust Decide()
    {
        if (IsRight(channelsTogether: true, grouped: true) && IsRight(channelsTogether: false, grouped: true) && IsRight(channelsTogether: false) && IsRight(channelsTogether: true))
        {
            return ConvolutionTrust.Everywhere;
        }

        return IsRight(channelsTogether: true) ? ConvolutionTrust.ChannelsTogether
            : SwitchOff() ? ConvolutionTrust.Nowhere
            : ConvolutionTrust.Everywhere;
    }

    /// <summary>Compares outputs and gradients with those of 64-bit floats, over channels that do not fill vectors and that do.</summary>
    private static bool IsRight(bool channelsTogether, bool grouped = false)
    {
        foreach (var (inputs, outputs, side) in grouped
            ? ((int, int, int)[])[(12, 12, 5), (8, 8, 7), (16, 16, 6)]
            : [(24, 12, 8), (12, 12, 7), (48, 24, 4), (8, 8, 9), (40, 20, 4), (32, 16, 5)])
        {
            using var scope = NewDisposeScope();
            Soil(2L * inputs * side * side * side);
            var groups = grouped ? inputs : 1;
            var input = Numbers(2, inputs, side, side, side);
            var weight = Numbers(outputs, inputs / groups, 3, 3, 3);
            var (output, inputGradient, weightGradient) = Differentiate(channelsTogether ? ChannelsTogether(input) : input, weight, groups);
            var (trueOutput, trueInputGradient, trueWeightGradient) = Differentiate(input.to(ScalarType.Float64), weight.to(ScalarType.Float64), groups);
            if (!Equal(output, trueOutput) || !Equal(inputGradient, trueInputGradient) || !Equal(weightGradient, trueWeightGradient))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Memory that is not zero is given back: what is left unwritten must show.</summary>
    private static void Soil(long elements)
    {
        for (var n = 0; n < 4; n++)
        {
            using var dirty = full(new[] { elements }, 7.5f);
        }
    }

    /// <summary>Distinct values around zero.</summary>
    private static Tensor Numbers(params long[] shape)
    {
        var count = shape.Aggregate(1L, (a, b) => a * b);
        return ((arange(count, ScalarType.Float32) * 0.61803399f).remainder(1f) - 0.5f).reshape(shape);
    }

    private static (Tensor Output, Tensor Input, Tensor Weight) Differentiate(Tensor input, Tensor weight, int groups)
    {
        var (x, w) = (input.detach().requires_grad_(), weight.detach().requires_grad_());
        var output = nn.functional.conv3d(x, w, padding: [1, 1, 1], groups: groups);
        (output * output).sum().backward();
        return (output.detach(), x.grad!, w.grad!);
    }

    private static bool Equal(Tensor found, Tensor expected)
    {
        using var noGradient = no_grad();
        var largest = expected.abs().max();
        return ((found.to(ScalarType.Float64) - expected).abs().max() <= largest * 1e-4).item<bool>();
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
