using System.Text;
using BrainMVP.Federated.Networks.Models;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Golden;

/// <summary>
/// The recipe of the published fingerprint: a 32-bit linear congruential generator seeded by FNV-1a of the key;
/// weights uniform with variance 1/fan_in, biases and running means within 0.1, other vectors about 1.
/// </summary>
internal static class LcgFill
{
    /// <param name="state">Every tensor is overwritten.</param>
    /// <param name="keyOf">From a tensor's name to the key of the recipe.</param>
    public static void Apply(ModelState state, Func<string, string> keyOf)
    {
        foreach (var (name, tensor) in state.All)
        {
            var key = keyOf(name);
            var values = ModelState.Elements(tensor);
            Sequence(Fnv(key), values);
            var fanIn = key.Contains("transp_conv", StringComparison.Ordinal) ? tensor.shape[0] : tensor.numel() / tensor.shape[0];
            foreach (ref var value in values)
            {
                var centred = (2.0 * value) - 1;
                value = (float)(tensor.dim() > 1
                    ? centred * Math.Sqrt(3.0 / fanIn)
                    : key.EndsWith(".bias", StringComparison.Ordinal) || key.EndsWith("running_mean", StringComparison.Ordinal)
                        ? 0.1 * centred
                        : 1 + (0.1 * centred));
            }
        }
    }

    /// <summary>The key without its first part: <c>encoder.norm.weight</c> is filled as <c>norm.weight</c>.</summary>
    public static string WithoutPrefix(string name) => name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..];

    public static Tensor Input(long[] shape)
    {
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        Sequence(12345, values);
        return tensor(values).reshape(shape);
    }

    private static void Sequence(uint state, Span<float> values)
    {
        foreach (ref var value in values)
        {
            state = unchecked((state * 1664525u) + 1013904223u);
            value = (state >> 8) / 16777216f;
        }
    }

    private static uint Fnv(string key)
    {
        var hash = 2166136261u;
        foreach (var b in Encoding.UTF8.GetBytes(key))
        {
            hash = unchecked((hash ^ b) * 16777619u);
        }

        return hash;
    }
}
