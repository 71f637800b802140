using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Optimization;

/// <summary>
/// Exponential moving average of weights over the local steps: a ← d a + (1 − d) w after each of them, starting at the
/// round's global weights, computed as a + (1 − d)(w − a), so that weights that stand still stay exactly what they are.
/// Create it outside dispose scopes while the tensors hold the global model: before a checkpoint is restored into them.
/// </summary>
public sealed class MovingAverage : IDisposable
{
    private readonly SortedDictionary<string, (Tensor Weight, Tensor Average)> _pairs = new(StringComparer.Ordinal);
    private readonly double _decay;

    /// <param name="decay">d, 0 ≤ d &lt; 1.</param>
    /// <param name="tensors">Weights by name; their present values start the average.</param>
    /// <exception cref="ArgumentOutOfRangeException">A decay out of range.</exception>
    public MovingAverage(double decay, IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        if (!(decay >= 0 && decay < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(decay), decay, "The decay lies in 0 .. 1, 1 excluded.");
        }

        _decay = decay;
        using var noGradient = no_grad();
        foreach (var (name, tensor) in tensors)
        {
            _pairs.Add(name, (tensor, tensor.detach().clone().DetachFromDisposeScope()));
        }
    }

    /// <summary>The averages by name in ordinal order, on the weights' device; a checkpoint reads and fills them.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Tensors => _pairs.Select(p => new KeyValuePair<string, Tensor>(p.Key, p.Value.Average));

    /// <summary>Takes the present weights in: call once after each optimiser step that was not skipped.</summary>
    public void Update()
    {
        using var noGradient = no_grad();
        foreach (var (weight, average) in _pairs.Values)
        {
            using var scope = NewDisposeScope();
            average.lerp_(weight, 1 - _decay);
        }
    }

    /// <summary>Replaces one average by a saved one from any device.</summary>
    public void Restore(string name, Tensor saved) => Copy(saved, _pairs[name].Average);

    /// <summary>Writes the averages into tensors of the same names on any device, for example the model's own.</summary>
    /// <exception cref="KeyNotFoundException">A name without average.</exception>
    public void CopyTo(IEnumerable<KeyValuePair<string, Tensor>> destination)
    {
        foreach (var (name, tensor) in destination)
        {
            Copy(_pairs[name].Average, tensor);
        }
    }

    public void Dispose()
    {
        foreach (var (_, average) in _pairs.Values)
        {
            average.Dispose();
        }
    }

    private static void Copy(Tensor source, Tensor destination)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        destination.copy_(source);
    }
}
