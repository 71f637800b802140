using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>
/// Initial values of the tensors that pre-training never reaches, as the published code makes them: convolutions normal
/// with variance 2 / (C_out · k³) and bias 0, normalisation 1 and 0. From seed and name, like the initial model.
/// </summary>
internal static class InactiveTensors
{
    private const int Block = 1 << 16;

    public static void Write(PublishedTensor tensor, long seed, Stream destination, CancellationToken cancellation)
    {
        var random = new CounterRandom((ulong)seed, "initialModel", tensor.Name);
        var isWeight = tensor.Name.EndsWith(".weight", StringComparison.Ordinal);
        var deviation = Math.Sqrt(2.0 / (tensor.Shape[0] * tensor.Shape.Skip(2).Aggregate(1L, (a, b) => a * b)));
        var buffer = new float[(int)Math.Min(Block, tensor.Count)];
        for (var done = 0L; done < tensor.Count; done += buffer.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, tensor.Count - done));
            foreach (ref var value in part)
            {
                value = tensor.Shape.Count > 1 ? (float)(deviation * random.NextNormal()) : isWeight ? 1 : 0;
            }

            destination.Write(MemoryMarshal.AsBytes(part));
        }
    }
}
