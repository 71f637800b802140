using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Federation.FixedPoint;

namespace BrainMVP.Federated.Federation.Updates;

/// <summary>Checks in plain mode that no integer of an update is larger than its reported exponent allows.</summary>
public static class UpdateValidator
{
    private const int BlockElements = 1 << 15;

    /// <returns>Null when the update is valid; otherwise one sentence that names the first violation.</returns>
    public static string? FindViolation(PayloadMap map, UpdateReport report, IUpdateSource source, CancellationToken cancellation)
    {
        var exponents = report.Exponents.ToDictionary(e => e.Name, e => e.Exponent, StringComparer.Ordinal);
        var block = new int[BlockElements];
        foreach (var tensor in map.Tensors)
        {
            var bound = new Quantiser(tensor.Weight, tensor.TotalWeight, tensor.Scale).Bound(exponents.GetValueOrDefault(tensor.Tensor.Name));
            for (long start = 0; start < tensor.Count; start += BlockElements)
            {
                cancellation.ThrowIfCancellationRequested();
                var n = (int)Math.Min(BlockElements, tensor.Count - start);
                var values = block.AsSpan(0, n);
                source.Read(report.Site, tensor.Offset + (start * sizeof(int)), MemoryMarshal.AsBytes(values));
                for (var i = 0; i < n; i++)
                {
                    if (values[i] > bound || values[i] < -bound)
                    {
                        return $"Tensor {tensor.Tensor.Name} has the value {values[i]} at element {start + i}; its reported exponent allows at most {bound}.";
                    }
                }
            }
        }

        return null;
    }
}
