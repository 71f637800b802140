using BrainMVP.Federated.Contracts.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>
/// Sets every parameter from a seed and its own name, so that the initial model depends on nothing else (not on
/// libtorch's generator, not on the order of construction). Distributions: convolutions as their network has it
/// (UniFormer: normal with variance 2 / (C_out · k³), groups not counted, bias 0; UNET3D: as linear layers); linear
/// layers and transposed convolutions uniform within ±1/√fan_in, linear bias likewise; norms one and zero.
/// </summary>
public static class ModelInitialization
{
    /// <param name="model">Every parameter and statistic is overwritten.</param>
    /// <param name="seed">The run's seed.</param>
    public static void Apply<T>(T model, long seed)
        where T : Module, INetwork
    {
        using var noGradient = no_grad();
        foreach (var (path, module) in model.named_modules())
        {
            switch (module)
            {
                case Conv3d layer when model.ConvolutionsAt(path) == Convolutions.FanInUniform:
                    var fanIn = layer.weight.shape[1] * Receptive(layer.weight);
                    Uniform(layer.weight, Math.Sqrt(1.0 / fanIn), seed, path + ".weight");
                    Uniform(layer.bias, Math.Sqrt(1.0 / fanIn), seed, path + ".bias");
                    break;
                case Conv3d layer:
                    var fanOut = layer.weight.shape[0] * Receptive(layer.weight);
                    Normal(layer.weight, Math.Sqrt(2.0 / fanOut), seed, path + ".weight");
                    Fill(layer.bias, 0);
                    break;
                case ConvTranspose3d layer:
                    // The library counts the second size as fan-in, also for transposed weights.
                    Uniform(layer.weight, Math.Sqrt(1.0 / (layer.weight.shape[1] * Receptive(layer.weight))), seed, path + ".weight");
                    break;
                case Linear layer:
                    var bound = Math.Sqrt(1.0 / layer.weight.shape[1]);
                    Uniform(layer.weight, bound, seed, path + ".weight");
                    Uniform(layer.bias, bound, seed, path + ".bias");
                    break;
                case LayerNorm layer:
                    Fill(layer.weight, 1);
                    Fill(layer.bias, 0);
                    break;
                case GroupNorm layer:
                    // The library leaves these uninitialised.
                    Fill(layer.weight, 1);
                    Fill(layer.bias, 0);
                    break;
                case BatchNorm3d layer:
                    Fill(layer.weight, 1);
                    Fill(layer.bias, 0);
                    Fill(layer.running_mean, 0);
                    Fill(layer.running_var, 1);
                    break;
            }
        }

        model.State.SetBatchesTracked(0);
    }

    private static long Receptive(Tensor weight) => weight.shape.Skip(2).Aggregate(1L, (a, b) => a * b);

    private static void Normal(Tensor tensor, double deviation, long seed, string name)
    {
        var random = new CounterRandom((ulong)seed, "initialModel", name);
        foreach (ref var value in ModelState.Elements(tensor))
        {
            value = (float)(deviation * random.NextNormal());
        }
    }

    private static void Uniform(Tensor? tensor, double bound, long seed, string name)
    {
        if (tensor is null)
        {
            return;
        }

        var random = new CounterRandom((ulong)seed, "initialModel", name);
        foreach (ref var value in ModelState.Elements(tensor))
        {
            value = (float)random.NextDouble(-bound, bound);
        }
    }

    private static void Fill(Tensor? tensor, float value)
    {
        if (tensor is not null)
        {
            ModelState.Elements(tensor).Fill(value);
        }
    }
}
