using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Federation.Updates;

/// <summary>
/// Norm bounding at the site: a change of the network that is longer than the plan allows is scaled down to that length,
/// direction kept, before anything is reported. BatchNorm statistics and templates are not touched.
/// </summary>
public static class NormBound
{
    private const int BlockElements = 1 << 15;
    private const double FirstMargin = 1e-6;
    private const double LargestMargin = 0.5;

    /// <summary>Writes the bounded model when the change is too long.</summary>
    /// <param name="layout">The run's layout.</param>
    /// <param name="globalModelPath">Model the round started from.</param>
    /// <param name="localModelPath">Network and templates after training.</param>
    /// <param name="largest">Largest L2 norm of the network's change, above 0.</param>
    /// <param name="boundedPath">Receives the bounded model.</param>
    /// <returns>The path to go on with: the bounded model, or the trained one when it is short enough.</returns>
    /// <exception cref="FederationException">BMF-1502 when the change is not finite.</exception>
    public static string Apply(LayoutDocument layout, string globalModelPath, string localModelPath, double largest, string boundedPath)
    {
        var path = localModelPath;
        var (factor, margin) = (1.0, 0.0);
        while (true)
        {
            var summary = UpdateSummary.Compute(layout, [TensorGroups.Network], new UpdateFiles(globalModelPath, new Dictionary<string, string>(), path));
            var norm = summary.Norms.GetValueOrDefault(TensorGroups.Network);
            if (norm <= largest)
            {
                return path;
            }

            // Rounding to float may leave the change a little too long. Near the rounding of the weights themselves only
            // an ever shorter change fits, in the end none.
            factor *= largest / norm * (1 - margin);
            margin = margin == 0 ? FirstMargin : Math.Min(LargestMargin, 4 * margin);
            Scale(layout, globalModelPath, localModelPath, factor, boundedPath);
            path = boundedPath;
        }
    }

    private static void Scale(LayoutDocument layout, string globalModelPath, string localModelPath, double factor, string target)
    {
        using var global = new SafetensorsReader(globalModelPath);
        using var local = new SafetensorsReader(localModelPath);
        var network = layout.Tensors.Where(t => t.Group == TensorGroups.Network).Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        SafetensorsWriter.WriteFile(target, local.Tensors.Values.Select(t => new TensorSource(t.Name, t.DataType, t.Shape, output =>
        {
            var (after, before) = (new float[BlockElements], new float[BlockElements]);
            for (long start = 0; start < t.Count; start += BlockElements)
            {
                var n = (int)Math.Min(BlockElements, t.Count - start);
                local.ReadFloats(t.Name, start, after.AsSpan(0, n));
                if (network.Contains(t.Name))
                {
                    global.ReadFloats(t.Name, start, before.AsSpan(0, n));
                    for (var i = 0; i < n; i++)
                    {
                        after[i] = (float)(before[i] + (factor * ((double)after[i] - before[i])));
                    }
                }

                output.Write(MemoryMarshal.AsBytes(after.AsSpan(0, n)));
            }
        })));
    }
}
