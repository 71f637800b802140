using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Golden;

/// <summary>Compares a tensor with figures that the authors' Python gives to 2e-6 with the same recipe; relative tolerance 1e-3.</summary>
internal static class Fingerprint
{
    public static void Check(string name, Tensor tensor, long[] shape, double mean, double std, double abs, double first, double middle, double last)
    {
        Assert.Equal(shape, tensor.shape);
        var flat = tensor.contiguous().flatten().to(ScalarType.Float64);

        // A mean or a value near zero is compared on the scale of the values it belongs to.
        Near(name + " mean", mean, flat.mean().item<double>(), abs);
        Near(name + " std", std, flat.std(unbiased: false).item<double>());
        Near(name + " abs", abs, flat.abs().mean().item<double>());
        Near(name + " first", first, flat[0].item<double>(), abs);
        Near(name + " middle", middle, flat[flat.numel() / 2].item<double>(), abs);
        Near(name + " last", last, flat[flat.numel() - 1].item<double>(), abs);
    }

    public static void Near(string name, double expected, double actual, double scale = 0)
    {
        var tolerance = 1e-3 * Math.Max(Math.Abs(expected), scale * 1e-1);
        Assert.True(Math.Abs(expected - actual) <= tolerance, $"{name}: expected {expected}, got {actual}");
    }
}
