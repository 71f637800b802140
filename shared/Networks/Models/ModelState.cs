using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>
/// The tensors of a module by name in ordinal order. <c>num_batches_tracked</c> counts steps and is set, never
/// exchanged, so it is not among them.
/// </summary>
public sealed class ModelState
{
    private const string StepCounter = "num_batches_tracked";
    private readonly List<BatchNorm3d> _counted = [];

    internal ModelState(Module module)
    {
        foreach (var (name, parameter) in module.named_parameters())
        {
            Parameters.Add(name, parameter);
        }

        foreach (var (name, buffer) in module.named_buffers())
        {
            if (!name.EndsWith(StepCounter, StringComparison.Ordinal))
            {
                Statistics.Add(name, buffer);
            }
        }

        _counted.AddRange(module.modules().OfType<BatchNorm3d>());
    }

    /// <summary>Trained tensors.</summary>
    public SortedDictionary<string, Parameter> Parameters { get; } = new(StringComparer.Ordinal);

    /// <summary>Running means and variances of the batch normalisations.</summary>
    public SortedDictionary<string, Tensor> Statistics { get; } = new(StringComparer.Ordinal);

    /// <summary>Parameters and statistics.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> All => Parameters
        .Select(p => new KeyValuePair<string, Tensor>(p.Key, p.Value))
        .Concat(Statistics)
        .OrderBy(t => t.Key, StringComparer.Ordinal);

    /// <summary>Sets the step counters of all batch normalisations, which no result depends on.</summary>
    public void SetBatchesTracked(long steps)
    {
        foreach (var norm in _counted)
        {
            norm.num_batches_tracked?.fill_(steps);
        }
    }

    /// <summary>The elements of a contiguous CPU tensor of 32-bit floats; writing changes the tensor.</summary>
    public static Span<float> Elements(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
