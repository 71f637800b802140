using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Federation.Summation;

/// <summary>A run of elements of one tensor inside a shard.</summary>
/// <param name="Start">First element in the tensor.</param>
/// <param name="Position">First element in the shard's sum.</param>
public sealed record ShardSegment(LayoutTensor Tensor, long Start, long Count, long Position);

/// <summary>Divides the tensors that a round sends into shards of nearly equal size. Only speed depends on the number of shards.</summary>
public static class ShardPlan
{
    /// <summary>Segments of one shard.</summary>
    /// <param name="layout">The run's layout.</param>
    /// <param name="roster">The round's roster.</param>
    /// <param name="shard">0 .. shards − 1.</param>
    /// <param name="shards">At least 1.</param>
    public static IReadOnlyList<ShardSegment> Segments(LayoutDocument layout, RosterDocument roster, int shard, int shards)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, shards);
        var sent = layout.Tensors.Zip(roster.Scales).Where(p => p.Second.Scale is not null).Select(p => p.First).ToArray();
        var total = sent.Sum(t => t.CountOf());
        var from = (long)((Int128)total * shard / shards);
        var to = (long)((Int128)total * (shard + 1) / shards);
        var segments = new List<ShardSegment>();
        long position = 0;
        foreach (var tensor in sent)
        {
            var count = tensor.CountOf();
            var start = Math.Max(from, position);
            var end = Math.Min(to, position + count);
            if (start < end)
            {
                segments.Add(new ShardSegment(tensor, start - position, end - start, start - from));
            }

            position += count;
        }

        return segments;
    }
}
