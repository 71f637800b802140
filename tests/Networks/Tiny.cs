using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests;

internal static class Tiny
{
    public static NetworkPlan Network { get; } = new() { Widths = [4, 6, 8, 12], Depths = [1, 1, 1, 1], HeadWidth = 4, MlpRatio = 2 };

    public static NetworkPlan UNet3D { get; } = new() { Backbone = Backbones.UNet3D, Widths = [8, 16, 16, 24], Depths = [1, 1, 2, 1] };

    public static UniFormerModel Model(long seed = 1) => (UniFormerModel)Model(Network, seed);

    public static ReconstructionModel Model(NetworkPlan plan, long seed = 1, bool recomputation = false)
    {
        var model = ReconstructionModel.Create(plan, recomputation);
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
