using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Federation.FixedPoint;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Federation.Updates;

/// <summary>
/// Checks in plain mode that no integer of an update is larger than its reported exponent allows, and that the network's
/// change is no longer than the plan allows.
/// </summary>
public static class UpdateValidator
{
    private const int BlockElements = 1 << 15;

    /// <param name="map">What the roster asks of the site.</param>
    /// <param name="report">The site's report.</param>
    /// <param name="largestNorm">Largest L2 norm of the network's change; 0 does not bound.</param>
    /// <param name="source">The update.</param>
    /// <param name="cancellation">Checked between blocks.</param>
    /// <returns>Null when the update is valid; otherwise one sentence that names the first violation.</returns>
    public static string? FindViolation(PayloadMap map, UpdateReport report, double largestNorm, IUpdateSource source, CancellationToken cancellation)
    {
        var exponents = report.Exponents.ToDictionary(e => e.Name, e => e.Exponent, StringComparer.Ordinal);
        var block = new int[BlockElements];
        double squaredNorm = 0;
        double rounding = 0;
        foreach (var tensor in map.Tensors)
        {
            var bound = new Quantiser(tensor.Weight, tensor.TotalWeight, tensor.Scale).Bound(exponents.GetValueOrDefault(tensor.Tensor.Name));
            UInt128 squares = 0;
            for (long start = 0; start < tensor.Count; start += BlockElements)
            {
                cancellation.ThrowIfCancellationRequested();
                var n = (int)Math.Min(BlockElements, tensor.Count - start);
                var values = block.AsSpan(0, n);
                source.Read(report.Site, tensor.Offset + (start * sizeof(int)), MemoryMarshal.AsBytes(values));
                if (IndexBeyond(values, bound) is >= 0 and var i)
                {
                    return $"Tensor {tensor.Tensor.Name} has the value {values[i]} at element {start + i}; its reported exponent allows at most {bound}.";
                }

                if (largestNorm > 0 && tensor.Tensor.Group == TensorGroups.Network)
                {
                    foreach (var value in values)
                    {
                        squares += (UInt128)((long)value * value);
                    }
                }
            }

            // One unit of this tensor in the change itself; each integer was rounded by at most half of it.
            var unit = PowerOfTwo.Exact(-tensor.Scale) * tensor.TotalWeight / tensor.Weight;
            squaredNorm += (double)squares * unit * unit;
            rounding += 0.5 * unit * Math.Sqrt(tensor.Count);
        }

        var norm = Math.Sqrt(squaredNorm);
        return largestNorm > 0 && norm > largestNorm + rounding
            ? string.Create(CultureInfo.InvariantCulture, $"The network's change has a norm of {norm:G6}; the plan allows at most {largestNorm:G6}.")
            : null;
    }

    /// <summary>First value that is larger than a bound in magnitude; -1 when there is none.</summary>
    private static int IndexBeyond(ReadOnlySpan<int> values, int bound)
    {
        var i = 0;
        var (high, low) = (new Vector<int>(bound), new Vector<int>(-bound));
        for (; i <= values.Length - Vector<int>.Count; i += Vector<int>.Count)
        {
            var block = new Vector<int>(values[i..]);
            if (Vector.GreaterThanAny(block, high) || Vector.LessThanAny(block, low))
            {
                break;
            }
        }

        for (; i < values.Length; i++)
        {
            if (values[i] > bound || values[i] < -bound)
            {
                return i;
            }
        }

        return -1;
    }
}
