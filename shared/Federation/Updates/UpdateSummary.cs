using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.FixedPoint;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Federation.Updates;

/// <summary>The tensor-free description of a site's change: exponents by tensor and norms by group.</summary>
public sealed record UpdateSummary(IReadOnlyList<TensorExponent> Exponents, IReadOnlyDictionary<string, double> Norms)
{
    /// <summary>Computes the summary from files, in blocks.</summary>
    /// <param name="layout">The run's layout.</param>
    /// <param name="groups">Groups the site can contribute to.</param>
    /// <param name="files">Before and after training.</param>
    /// <exception cref="FederationException">BMF-1502 when a change is not finite; BMF-1406 when a file does not fit the layout.</exception>
    public static UpdateSummary Compute(LayoutDocument layout, IReadOnlyCollection<string> groups, UpdateFiles files)
    {
        using var pair = new TensorPair(files);
        var exponents = new List<TensorExponent>();
        var squares = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var tensor in layout.Tensors.Where(t => groups.Contains(t.Group)))
        {
            double largest = 0;
            var sum = squares.GetValueOrDefault(tensor.Group);
            for (long start = 0, count = tensor.CountOf(); start < count; start += TensorPair.BlockElements)
            {
                var n = (int)Math.Min(TensorPair.BlockElements, count - start);
                var block = pair.Read(tensor, start, n);
                var local = block.Local;
                var global = block.Global;
                var (most, square) = Changes.Measure(local, global);
                if (!double.IsFinite(most))
                {
                    var i = Changes.FirstNotFinite(local, global);
                    throw ErrorCatalogue.TrainingDiverged.With($"Tensor {tensor.Name} changed by {(double)local[i] - global[i]} at element {start + i}.");
                }

                largest = Math.Max(largest, most);
                sum += square;
            }

            squares[tensor.Group] = sum;
            exponents.Add(new TensorExponent(tensor.Name, PowerOfTwo.CeilingExponent(largest)));
        }

        return new UpdateSummary(exponents, squares.ToDictionary(s => s.Key, s => Math.Sqrt(s.Value), StringComparer.Ordinal));
    }
}
