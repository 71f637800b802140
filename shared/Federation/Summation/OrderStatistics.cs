using System.Numerics;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.Federation.Summation;

/// <summary>
/// The sum of the middle values of every element: median and trimmed mean. Sorting is exact, so the result does not
/// depend on the order of sites or on the shards; with unit weights it is the same kind of sum as that of a mean.
/// </summary>
public static class OrderStatistics
{
    private const int BlockElements = 1 << 14;

    /// <summary>Writes the shard's sums as 32-bit little-endian integers, segment after segment.</summary>
    /// <param name="plan">The plan's aggregation: median or trimmedMean.</param>
    /// <param name="segments">From <see cref="ShardPlan"/>.</param>
    /// <param name="payloads">Payload map of every site whose update arrived.</param>
    /// <param name="source">The updates.</param>
    /// <param name="output">Receives the sums.</param>
    /// <param name="cancellation">Checked between blocks.</param>
    public static void Sum(AggregationPlan plan, IReadOnlyList<ShardSegment> segments, IReadOnlyDictionary<string, PayloadMap> payloads, IUpdateSource source, Stream output, CancellationToken cancellation)
    {
        var blocks = Enumerable.Range(0, payloads.Count).Select(_ => new int[BlockElements]).ToArray();
        foreach (var segment in segments)
        {
            var sites = payloads
                .Select(p => (Site: p.Key, Tensor: p.Value.Find(segment.Tensor.Name)))
                .Where(p => p.Tensor is not null)
                .ToArray();
            for (long done = 0; done < segment.Count; done += BlockElements)
            {
                cancellation.ThrowIfCancellationRequested();
                var n = (int)Math.Min(BlockElements, segment.Count - done);
                for (var i = 0; i < sites.Length; i++)
                {
                    source.Read(sites[i].Site, sites[i].Tensor!.Offset + ((segment.Start + done) * sizeof(int)), MemoryMarshal.AsBytes(blocks[i].AsSpan(0, n)));
                }

                output.Write(MemoryMarshal.AsBytes(MiddleSum(plan, blocks.AsSpan(0, sites.Length), n)));
            }
        }
    }

    /// <summary>Sorts the blocks element by element and adds up the middle ones into the first of them.</summary>
    private static ReadOnlySpan<int> MiddleSum(AggregationPlan plan, ReadOnlySpan<int[]> blocks, int length)
    {
        // Odd-even transposition: after as many passes as there are blocks every element is in ascending order.
        for (var pass = 0; pass < blocks.Length; pass++)
        {
            for (var i = pass & 1; i + 1 < blocks.Length; i += 2)
            {
                Exchange(blocks[i].AsSpan(0, length), blocks[i + 1].AsSpan(0, length));
            }
        }

        var left = plan.Rule == AggregationRules.Median ? (blocks.Length - 1) / 2 : plan.TrimmedSites;
        if (blocks.Length - (2 * left) < 1)
        {
            // The group is withheld: too few sites for the rule. Nothing reads these zeros.
            return new int[length];
        }

        var sum = blocks[left].AsSpan(0, length);
        for (var i = left + 1; i < blocks.Length - left; i++)
        {
            IntegerBlocks.Add(sum, blocks[i].AsSpan(0, length));
        }

        return sum;
    }

    private static void Exchange(Span<int> low, Span<int> high)
    {
        var i = 0;
        for (; i <= low.Length - Vector<int>.Count; i += Vector<int>.Count)
        {
            var (a, b) = (new Vector<int>(low[i..]), new Vector<int>(high[i..]));
            Vector.Min(a, b).CopyTo(low[i..]);
            Vector.Max(a, b).CopyTo(high[i..]);
        }

        for (; i < low.Length; i++)
        {
            (low[i], high[i]) = (Math.Min(low[i], high[i]), Math.Max(low[i], high[i]));
        }
    }
}
