using System.Numerics;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.Federation.Strategies;

/// <summary>
/// Krum and Multi-Krum (Blanchard et al. 2017): each site is scored by the squared distances to its n − f − 2 nearest
/// neighbours, the sites with the lowest scores are kept. Distances are exact integers over the encoded changes, so that
/// nothing depends on the order of sites.
/// </summary>
public static class KrumSelection
{
    private const int BlockElements = 1 << 14;

    /// <summary>Sites to keep of those that deliver a group, ordinal order.</summary>
    /// <param name="plan">The plan's aggregation: krum or multiKrum.</param>
    /// <param name="payloads">Payload maps of the group's sites whose updates arrived; at least 2f + 3.</param>
    /// <param name="group">Tensor group that is compared.</param>
    /// <param name="source">The updates.</param>
    /// <param name="cancellation">Checked between blocks.</param>
    public static IReadOnlyList<string> Keep(AggregationPlan plan, IReadOnlyDictionary<string, PayloadMap> payloads, string group, IUpdateSource source, CancellationToken cancellation)
    {
        var sites = payloads.Keys.Order(StringComparer.Ordinal).ToArray();
        var keep = plan.Rule == AggregationRules.Krum ? 1 : plan.KeptSites > 0 ? Math.Min(plan.KeptSites, sites.Length) : sites.Length - plan.FaultySites;
        var distances = Distances(sites, payloads, group, source, cancellation);
        return Choose(sites, distances, plan.FaultySites, keep);
    }

    /// <summary>The sites with the lowest scores; of equal scores the first name counts.</summary>
    /// <param name="sites">Names, ordinal order.</param>
    /// <param name="distances">Squared distances, symmetric.</param>
    /// <param name="faulty">f.</param>
    /// <param name="keep">Sites to keep.</param>
    public static IReadOnlyList<string> Choose(IReadOnlyList<string> sites, BigInteger[,] distances, int faulty, int keep)
    {
        var neighbours = sites.Count - faulty - 2;
        var scores = Enumerable.Range(0, sites.Count).Select(i => Enumerable.Range(0, sites.Count)
            .Where(j => j != i)
            .Select(j => distances[i, j])
            .Order()
            .Take(neighbours)
            .Aggregate(BigInteger.Zero, (a, b) => a + b)).ToArray();
        return [.. Enumerable.Range(0, sites.Count).OrderBy(i => scores[i]).ThenBy(i => i).Take(keep).Select(i => sites[i]).Order(StringComparer.Ordinal)];
    }

    private static BigInteger[,] Distances(string[] sites, IReadOnlyDictionary<string, PayloadMap> payloads, string group, IUpdateSource source, CancellationToken cancellation)
    {
        var total = new BigInteger[sites.Length, sites.Length];
        var blocks = sites.Select(_ => new int[BlockElements]).ToArray();
        var tensors = payloads[sites[0]].Tensors.Where(t => t.Tensor.Group == group).ToArray();
        var finest = tensors.Select(t => t.Scale).DefaultIfEmpty(0).Max();
        foreach (var tensor in tensors)
        {
            var offsets = sites.Select(s => payloads[s].Find(tensor.Tensor.Name)!.Offset).ToArray();
            var sums = new UInt128[sites.Length, sites.Length];
            for (long start = 0; start < tensor.Count; start += BlockElements)
            {
                cancellation.ThrowIfCancellationRequested();
                var n = (int)Math.Min(BlockElements, tensor.Count - start);
                for (var i = 0; i < sites.Length; i++)
                {
                    source.Read(sites[i], offsets[i] + (start * sizeof(int)), MemoryMarshal.AsBytes(blocks[i].AsSpan(0, n)));
                }

                for (var i = 0; i < sites.Length; i++)
                {
                    for (var j = 0; j < i; j++)
                    {
                        sums[i, j] += SquaredDistance(blocks[i].AsSpan(0, n), blocks[j].AsSpan(0, n));
                    }
                }
            }

            // Every tensor has a scale of its own; brought to the finest one, the integers stay exact.
            for (var i = 0; i < sites.Length; i++)
            {
                for (var j = 0; j < i; j++)
                {
                    total[i, j] += (BigInteger)sums[i, j] << (2 * (finest - tensor.Scale));
                    total[j, i] = total[i, j];
                }
            }
        }

        return total;
    }

    /// <summary>Σ (a − b)², exact: the difference in two halves of 16 bits, so that a block's sums stay within 64 bits.</summary>
    private static UInt128 SquaredDistance(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        ulong high = 0;
        ulong mixed = 0;
        ulong low = 0;
        for (var i = 0; i < a.Length; i++)
        {
            var difference = (ulong)Math.Abs((long)a[i] - b[i]);
            var (upper, lower) = (difference >> 16, difference & 0xFFFF);
            high += upper * upper;
            mixed += upper * lower;
            low += lower * lower;
        }

        return ((UInt128)high << 32) + ((UInt128)mixed << 17) + low;
    }
}
