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
    private readonly List<BatchNorm3d> _batchNorms = [];
    private readonly SortedSet<string> _batchNormNames = new(StringComparer.Ordinal);

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

        foreach (var (path, child) in module.named_modules())
        {
            if (child is BatchNorm3d norm)
            {
                _batchNorms.Add(norm);
                _batchNormNames.UnionWith(norm.named_parameters().Select(p => p.name)
                    .Concat(norm.named_buffers().Select(b => b.name))
                    .Select(leaf => $"{path}.{leaf}")
                    .Where(name => Parameters.ContainsKey(name) || Statistics.ContainsKey(name)));
            }
        }
    }

    /// <summary>Trained tensors.</summary>
    public SortedDictionary<string, Parameter> Parameters { get; } = new(StringComparer.Ordinal);

    /// <summary>Running means and variances of the batch normalisations.</summary>
    public SortedDictionary<string, Tensor> Statistics { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of the tensors of batch normalisations: scale, shift, running mean and running variance.</summary>
    public IReadOnlySet<string> BatchNormNames => _batchNormNames;

    /// <summary>The batch normalisations themselves, in the order of construction.</summary>
    public IReadOnlyList<BatchNorm3d> BatchNorms => _batchNorms;

    /// <summary>Parameters and statistics.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> All => Parameters
        .Select(p => new KeyValuePair<string, Tensor>(p.Key, p.Value))
        .Concat(Statistics)
        .OrderBy(t => t.Key, StringComparer.Ordinal);

    /// <summary>Sets the step counters of all batch normalisations, which no result depends on.</summary>
    public void SetBatchesTracked(long steps)
    {
        foreach (var norm in _batchNorms)
        {
            norm.num_batches_tracked?.fill_(steps);
        }
    }

    /// <summary>The elements of a contiguous CPU tensor of 32-bit floats; writing changes the tensor.</summary>
    public static Span<float> Elements(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
