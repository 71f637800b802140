using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Summation;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.Summation;

public sealed class ShardPlanTests
{
    [Fact]
    public void Shards_tile_every_sent_element_once_and_are_nearly_equal() => Gen.Select(Gen.ULong, Gen.Int[1, 100]).Sample(
        (seed, shards) =>
        {
            using var federation = new TinyFederation(seed, 3);
            var expected = federation.Layout.Tensors.Zip(federation.Roster.Scales).Where(p => p.Second.Scale is not null)
                .SelectMany(p => Enumerable.Range(0, (int)p.First.CountOf()).Select(i => (p.First.Name, Element: (long)i))).ToArray();
            var actual = new List<(string Name, long Element)>();
            for (var shard = 0; shard < shards; shard++)
            {
                long position = 0;
                foreach (var segment in ShardPlan.Segments(federation.Layout, federation.Roster, shard, shards))
                {
                    Assert.Equal(position, segment.Position);
                    actual.AddRange(Enumerable.Range(0, (int)segment.Count).Select(i => (segment.Tensor.Name, segment.Start + i)));
                    position += segment.Count;
                }

                Assert.InRange(position, expected.Length / shards, (expected.Length / shards) + 1);
            }

            Assert.Equal(expected, actual);
        },
        iter: 100);

    [Fact]
    public void A_shard_outside_the_plan_is_refused()
    {
        using var federation = new TinyFederation(1, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => ShardPlan.Segments(federation.Layout, federation.Roster, 2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => ShardPlan.Segments(federation.Layout, federation.Roster, -1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => ShardPlan.Segments(federation.Layout, federation.Roster, 0, 0));
    }
}
