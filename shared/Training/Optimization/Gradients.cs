using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Optimization;

/// <summary>The gradients that a backward pass left.</summary>
internal static class Gradients
{
    /// <summary>Gradients of the parameters that have one, in their order; they belong to the current dispose scope.</summary>
    public static IEnumerable<Tensor> Of(IEnumerable<Parameter> parameters) => parameters.Select(p => p.grad).OfType<Tensor>();
}
