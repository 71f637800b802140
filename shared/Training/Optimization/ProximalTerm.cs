using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Optimization;

/// <summary>
/// FedProx (Li et al. 2020): the penalty μ/2 · ‖w − w_global‖² keeps local weights near the model that the round
/// started from. Create it outside dispose scopes while the parameters hold the global model: before a checkpoint is
/// restored into them.
/// </summary>
public sealed class ProximalTerm : IDisposable
{
    private readonly List<(Parameter Parameter, Tensor Anchor)> _anchors = [];

    /// <param name="parameters">The network's parameters; their present values become the anchors.</param>
    public ProximalTerm(IEnumerable<Parameter> parameters)
    {
        using var noGradient = no_grad();
        foreach (var parameter in parameters)
        {
            _anchors.Add((parameter, parameter.detach().clone().DetachFromDisposeScope()));
        }
    }

    /// <summary>
    /// Adds μ (w − anchor) to every gradient: once an optimiser step, after the gradients of its micro-batches and
    /// devices are together and unscaled, before clipping. A parameter without gradient stays without.
    /// </summary>
    /// <param name="mu">μ ≥ 0; 0 does nothing.</param>
    public void AddGradients(double mu)
    {
        if (mu == 0)
        {
            return;
        }

        using var noGradient = no_grad();
        foreach (var (parameter, anchor) in _anchors)
        {
            using var scope = NewDisposeScope();
            parameter.grad?.add_(parameter - anchor, alpha: mu);
        }
    }

    public void Dispose()
    {
        foreach (var (_, anchor) in _anchors)
        {
            anchor.Dispose();
        }
    }
}
