using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Optimization;

/// <summary>Named random parameters and gradients, outside dispose scopes.</summary>
internal static class Vectors
{
    public static Tensor Random(string name, int count, double scale = 1)
    {
        var random = new CounterRandom(5, name);
        return tensor(Enumerable.Range(0, count).Select(_ => (float)(scale * random.NextNormal())).ToArray()).DetachFromDisposeScope();
    }

    public static Parameter[] Parameters(int[] sizes, double gradientScale = 1) => [.. sizes.Select((size, i) =>
    {
        var parameter = new Parameter(Random("w" + i, size));
        parameter.grad = Random("g" + i, size, gradientScale);
        return parameter;
    })];

    public static float[] Values(Tensor tensor) => ModelState.Elements(tensor).ToArray();

    public static float[] Gradient(Parameter parameter)
    {
        using var gradient = parameter.grad!;
        return Values(gradient);
    }
}
