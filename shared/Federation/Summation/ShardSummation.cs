using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.Federation.Summation;

/// <summary>
/// Step 6: adds the encoded updates of one shard modulo 2³². Integer addition is associative and commutative, so the
/// result does not depend on the order of sites, on the shards or on who computed them.
/// </summary>
public static class ShardSummation
{
    private const int BlockElements = 1 << 15;

    /// <summary>Writes the shard's sums as 32-bit little-endian integers, segment after segment.</summary>
    /// <param name="segments">From <see cref="ShardPlan"/>.</param>
    /// <param name="payloads">Payload map of every site whose update arrived.</param>
    /// <param name="source">The updates.</param>
    /// <param name="output">Receives the sums.</param>
    /// <param name="cancellation">Checked between blocks.</param>
    public static void Sum(IReadOnlyList<ShardSegment> segments, IReadOnlyDictionary<string, PayloadMap> payloads, IUpdateSource source, Stream output, CancellationToken cancellation)
    {
        var sum = new int[BlockElements];
        foreach (var segment in segments)
        {
            var contributors = payloads
                .Select(p => (Site: p.Key, Tensor: p.Value.Find(segment.Tensor.Name)))
                .Where(p => p.Tensor is not null)
                .OrderBy(p => p.Site, StringComparer.Ordinal)
                .ToArray();
            for (long done = 0; done < segment.Count; done += BlockElements)
            {
                cancellation.ThrowIfCancellationRequested();
                var total = sum.AsSpan(0, (int)Math.Min(BlockElements, segment.Count - done));
                total.Clear();
                foreach (var (site, tensor) in contributors)
                {
                    Add(total, source, site, tensor!.Offset + ((segment.Start + done) * sizeof(int)));
                }

                output.Write(MemoryMarshal.AsBytes(total));
            }
        }
    }

    /// <summary>Adds a site's integers as they lie in the source, without a copy of them.</summary>
    private static void Add(Span<int> total, IUpdateSource source, string site, long offset)
    {
        while (total.Length > 0)
        {
            // Integers lie at multiples of four in the payload, and so do the ends of what a source has ready.
            var values = MemoryMarshal.Cast<byte, int>(source.Peek(site, offset, total.Length * sizeof(int)));
            IntegerBlocks.Add(total[..values.Length], values);
            total = total[values.Length..];
            offset += values.Length * sizeof(int);
        }
    }
}
