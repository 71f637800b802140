using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.Federation.Summation;

/// <summary>
/// Step 6: adds the encoded updates of one shard modulo 2³². Integer addition is associative and commutative, so the
/// result does not depend on the order of sites, on the shards or on who computed them.
/// </summary>
public static class ShardSummation
{
    /// <summary>
    /// Elements of one turn: 256 KiB. The sum and what is read of one update stay in a processor's own cache together, and
    /// turns begin where the sources' blocks do, so that no block is read twice.
    /// </summary>
    private const int BlockElements = 1 << 16;

    /// <summary>Writes the shard's sums as 32-bit little-endian integers, segment after segment.</summary>
    /// <param name="segments">From <see cref="ShardPlan"/>.</param>
    /// <param name="payloads">Payload map of every site whose update arrived.</param>
    /// <param name="source">The updates.</param>
    /// <param name="output">Receives the sums.</param>
    /// <param name="cancellation">Checked between blocks.</param>
    public static void Sum(IReadOnlyList<ShardSegment> segments, IReadOnlyDictionary<string, PayloadMap> payloads, IUpdateSource source, Stream output, CancellationToken cancellation)
    {
        var sum = new AlignedBuffer<int>(BlockElements);
        foreach (var stretch in Stretch.Of(segments, payloads))
        {
            var first = stretch.Parts.Count > 0 ? stretch.Parts[0].Offset / sizeof(int) : 0;
            for (long done = 0; done < stretch.Count;)
            {
                cancellation.ThrowIfCancellationRequested();
                var total = sum.Span[..(int)Math.Min(BlockElements - ((first + done) % BlockElements), stretch.Count - done)];
                if (stretch.Parts.Count == 0)
                {
                    total.Clear();
                }

                for (var part = 0; part < stretch.Parts.Count; part++)
                {
                    var (site, offset) = stretch.Parts[part];
                    Add(total, source, site, offset + (done * sizeof(int)), isFirst: part == 0);
                }

                output.Write(MemoryMarshal.AsBytes(total));
                done += total.Length;
            }
        }
    }

    /// <summary>Adds a site's integers as they lie in the source, without a copy of them.</summary>
    private static void Add(Span<int> total, IUpdateSource source, string site, long offset, bool isFirst)
    {
        while (total.Length > 0)
        {
            var added = source.Add(total, site, offset, isFirst);
            total = total[added..];
            offset += added * sizeof(int);
        }
    }

    /// <summary>Neighbouring segments whose contributors send them one behind the other: for the sum they are one.</summary>
    /// <param name="Count">Elements.</param>
    /// <param name="Parts">Contributors with the first byte in their payload, by name.</param>
    private sealed record Stretch(long Count, IReadOnlyList<(string Site, long Offset)> Parts)
    {
        public static List<Stretch> Of(IReadOnlyList<ShardSegment> segments, IReadOnlyDictionary<string, PayloadMap> payloads)
        {
            var stretches = new List<Stretch>();
            foreach (var segment in segments)
            {
                var parts = payloads
                    .Select(p => (Site: p.Key, Tensor: p.Value.Find(segment.Tensor.Name)))
                    .Where(p => p.Tensor is not null)
                    .OrderBy(p => p.Site, StringComparer.Ordinal)
                    .Select(p => (p.Site, p.Tensor!.Offset + (segment.Start * sizeof(int))))
                    .ToArray();
                if (stretches.Count > 0 && stretches[^1] is var last && last.Parts.Select(p => (p.Site, p.Offset + (last.Count * sizeof(int)))).SequenceEqual(parts))
                {
                    stretches[^1] = last with { Count = last.Count + segment.Count };
                }
                else
                {
                    stretches.Add(new Stretch(segment.Count, parts));
                }
            }

            return stretches;
        }
    }
}
