using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests;

/// <summary>Equality up to rounding: the largest difference against the largest value.</summary>
internal static class Close
{
    public static void Check(string name, Tensor expected, Tensor actual, double tolerance = 1e-5)
    {
        Assert.Equal(expected.shape, actual.shape);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var difference = (expected - actual).abs().max().item<float>();
        var scale = expected.abs().max().item<float>();
        Assert.True(difference <= tolerance * scale, $"{name}: differs by {difference} at a scale of {scale}");
    }
}
