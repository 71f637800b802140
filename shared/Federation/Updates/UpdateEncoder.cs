using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Federation.FixedPoint;

namespace BrainMVP.Federated.Federation.Updates;

/// <summary>Step 5 at the site: turns the change between two files into the payload that the roster asks for.</summary>
public static class UpdateEncoder
{
    private const int BlockElements = 1 << 15;

    /// <summary>Writes the payload; memory is two blocks, whatever the model's size.</summary>
    /// <returns>Bytes written, equal to <see cref="PayloadMap.Bytes"/>.</returns>
    public static long Encode(LayoutDocument layout, RosterDocument roster, string site, string globalModelPath, IReadOnlyDictionary<string, string> globalTemplates, string localModelPath, Stream output)
    {
        using var pair = new TensorPair(globalModelPath, globalTemplates, localModelPath);
        var map = PayloadMap.For(layout, roster, site);
        var local = new float[BlockElements];
        var global = new float[BlockElements];
        var encoded = new int[BlockElements];
        foreach (var tensor in map.Tensors)
        {
            var quantiser = new Quantiser(tensor.Weight, tensor.TotalWeight, tensor.Scale);
            for (long start = 0; start < tensor.Count; start += BlockElements)
            {
                var n = (int)Math.Min(BlockElements, tensor.Count - start);
                pair.Read(tensor.Tensor, start, local.AsSpan(0, n), global.AsSpan(0, n));
                quantiser.Encode(local.AsSpan(0, n), global.AsSpan(0, n), encoded.AsSpan(0, n));
                output.Write(MemoryMarshal.AsBytes(encoded.AsSpan(0, n)));
            }
        }

        return map.Bytes;
    }
}
