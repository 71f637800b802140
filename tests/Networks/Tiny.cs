using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests;

internal static class Tiny
{
    public static NetworkPlan Network { get; } = new() { Widths = [4, 6, 8, 12], Depths = [1, 1, 1, 1], HeadWidth = 4, MlpRatio = 2 };

    public static ReconstructionModel Model(long seed = 1)
    {
        var model = new ReconstructionModel(Network);
        ModelInitialization.Apply(model, seed);
        return model;
    }

    public static Tensor Uniform(long[] shape, string name)
    {
        var random = new CounterRandom(7, name);
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        foreach (ref var value in values.AsSpan())
        {
            value = (float)random.NextDouble();
        }

        return torch.tensor(values).reshape(shape);
    }
}
