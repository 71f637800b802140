using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Optimization;

/// <summary>
/// SCAFFOLD (Karimireddy et al. 2020): every gradient g is corrected to g − cᵢ + c, where cᵢ estimates this site's mean
/// gradient and c that of all sites, so that local steps drift less towards the site's own optimum. The new cᵢ is the mean
/// of the round's uncorrected gradients, which is what the paper's option II comes to for plain gradient descent.
/// Create it outside dispose scopes.
/// </summary>
internal sealed class ControlVariates : IDisposable
{
    /// <summary>Prefix of the tensors in files: <c>control.NAME</c>, in the shape of the parameter.</summary>
    public const string Prefix = "control.";

    private readonly List<(string Name, Parameter Parameter, Tensor Correction, Tensor Sum)> _parameters = [];

    /// <param name="parameters">The network's parameters.</param>
    /// <param name="globalPath">c; null for zeros.</param>
    /// <param name="ownPath">cᵢ; null for zeros.</param>
    /// <exception cref="FederationException">BMF-1406 when a file is of another network.</exception>
    public ControlVariates(IEnumerable<KeyValuePair<string, Parameter>> parameters, string? globalPath, string? ownPath)
    {
        using var noGradient = no_grad();
        using var global = globalPath is null ? null : new SafetensorsReader(globalPath);
        using var own = ownPath is null ? null : new SafetensorsReader(ownPath);
        foreach (var (name, parameter) in parameters)
        {
            var correction = Read(global, name, parameter);
            using (var estimate = Read(own, name, parameter))
            {
                correction.sub_(estimate);
            }

            _parameters.Add((name, parameter, correction, zeros_like(parameter, requires_grad: false).DetachFromDisposeScope()));
        }
    }

    /// <summary>Steps whose gradients were added up.</summary>
    public int Steps { get; set; }

    /// <summary>Sums of the uncorrected gradients by parameter name, for checkpoints.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Sums => _parameters.Select(p => KeyValuePair.Create("controlSum." + p.Name, p.Sum));

    /// <summary>Notes the gradients of a step and corrects them: after they are together and unscaled, before anything else changes them.</summary>
    public void Correct()
    {
        using var noGradient = no_grad();
        foreach (var (_, parameter, correction, sum) in _parameters)
        {
            using var scope = NewDisposeScope();
            if (parameter.grad is { } gradient)
            {
                sum.add_(gradient);
                gradient.add_(correction);
            }
        }

        Steps++;
    }

    /// <summary>The new cᵢ as tensors to write.</summary>
    public IEnumerable<TensorSource> Sources() => _parameters.Select(p => new TensorSource(Prefix + p.Name, "F32", p.Sum.shape, stream =>
    {
        using var scope = NewDisposeScope();
        stream.Write((p.Sum / Math.Max(1, Steps)).cpu().bytes);
    }));

    public void Dispose()
    {
        foreach (var (_, _, correction, sum) in _parameters)
        {
            correction.Dispose();
            sum.Dispose();
        }
    }

    private static Tensor Read(SafetensorsReader? file, string name, Tensor parameter)
    {
        var tensor = zeros_like(parameter, requires_grad: false).DetachFromDisposeScope();
        if (file is not null)
        {
            TensorFile.Read(file, Prefix + name, tensor);
        }

        return tensor;
    }
}
