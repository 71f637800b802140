using BrainMVP.Federated.Contracts.Randomness;
using CsCheck;

namespace BrainMVP.Federated.Contracts.Tests.Randomness;

public sealed class CounterRandomTests
{
    /// <summary>Known answers that the authors of Philox publish with their generator (kat_vectors, philox4x32 10).</summary>
    [Theory]
    [InlineData(0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)]
    [InlineData(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)]
    [InlineData(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1)]
    public void Blocks_equal_the_published_vectors(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint x0, uint x1, uint x2, uint x3) =>
        Assert.Equal((x0, x1, x2, x3), CounterRandom.Philox(c0, c1, c2, c3, k0, k1));

    [Fact]
    public void A_stream_keeps_its_numbers_for_ever()
    {
        // Golden: another value here means that every run of every consortium changes.
        var random = new CounterRandom(1, "site", "north", "round", 3);
        Assert.Equal("844351dc 7d77d778", $"{random.NextUInt32():x8} {random.NextUInt32():x8}");
    }

    [Fact]
    public void The_same_name_gives_the_same_numbers_whatever_was_drawn_elsewhere() => Gen.Select(Gen.ULong, Gen.Int[0, 50], Gen.Int[0, 3]).Sample(
        (seed, drawnBefore, kind) =>
        {
            var expected = Draw(new CounterRandom(seed, "run", 1, "mask"));
            var other = new CounterRandom(seed, "run", 1, "crop");
            for (var i = 0; i < drawnBefore; i++)
            {
                _ = kind switch { 0 => other.NextDouble(), 1 => other.NextNormal(), 2 => other.NextInt32(7), _ => other.NextUInt64() };
            }

            Assert.Equal(expected, Draw(new CounterRandom(seed, "run", 1, "mask")));
        },
        iter: 200);

    [Fact]
    public void Streams_of_different_names_share_no_number()
    {
        var seen = new HashSet<ulong>();
        var count = 0;
        foreach (var seed in new ulong[] { 0, 1, ulong.MaxValue })
        {
            for (var round = 0; round < 20; round++)
            {
                foreach (var purpose in new[] { "mask", "crop", "pick" })
                {
                    var random = new CounterRandom(seed, "round", round, purpose);
                    for (var i = 0; i < 16; i++, count++)
                    {
                        seen.Add(random.NextUInt64());
                    }
                }
            }
        }

        Assert.Equal(count, seen.Count);
    }

    [Theory]
    [InlineData("a", "/b", "a/", "b")]
    [InlineData("a/b", "c", "a", "b/c")]
    [InlineData("a~", "1b", "a~1b", "")]
    [InlineData("", "a", "a", "")]
    public void Names_with_separators_do_not_run_into_each_other(string first, string second, string third, string fourth) =>
        Assert.NotEqual(Draw(new CounterRandom(1, first, second)), Draw(new CounterRandom(1, third, fourth)));

    [Fact]
    public void An_empty_part_counts() => Assert.NotEqual(Draw(new CounterRandom(1, "a", "", "b")), Draw(new CounterRandom(1, "a/b")));

    [Fact]
    public void Uniform_doubles_fill_their_interval_evenly()
    {
        var random = new CounterRandom(7, "uniform");
        var bins = new int[10];
        for (var i = 0; i < 100_000; i++)
        {
            var value = random.NextDouble();
            Assert.InRange(value, 0, 1 - double.Epsilon);
            bins[(int)(value * 10)]++;
        }

        // Binomial with p = 0.1: standard deviation 95; six of them.
        Assert.All(bins, b => Assert.InRange(b, 9430, 10570));
    }

    [Fact]
    public void Doubles_of_a_range_stay_in_it()
    {
        var random = new CounterRandom(7, "range");
        Assert.All(Enumerable.Range(0, 10_000).Select(_ => random.NextDouble(-3, 5)), v => Assert.InRange(v, -3, 5 - 1e-12));
    }

    [Fact]
    public void Integers_reach_every_value_evenly()
    {
        var random = new CounterRandom(7, "integers");
        var bins = new int[7];
        for (var i = 0; i < 70_000; i++)
        {
            bins[random.NextInt32(7)]++;
        }

        Assert.All(bins, b => Assert.InRange(b, 9430, 10570));
        Assert.Equal(0, random.NextInt32(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextInt32(0));
    }

    [Fact]
    public void Integers_below_a_bound_that_does_not_divide_2_32_have_no_bias()
    {
        // With plain truncation the lowest third would come up twice as often as the highest.
        const int Bound = 3 << 29;
        var random = new CounterRandom(9, "bias");
        var low = 0;
        for (var i = 0; i < 60_000; i++)
        {
            low += random.NextInt32(Bound) < Bound / 3 ? 1 : 0;
        }

        Assert.InRange(low, 19_300, 20_700);
    }

    [Fact]
    public void Normals_have_mean_0_variance_1_and_light_tails()
    {
        var random = new CounterRandom(7, "normal");
        const int N = 100_000;
        double sum = 0, squares = 0, fourth = 0;
        for (var i = 0; i < N; i++)
        {
            var value = random.NextNormal();
            sum += value;
            squares += value * value;
            fourth += value * value * value * value;
        }

        Assert.InRange(sum / N, -0.02, 0.02);
        Assert.InRange(squares / N, 0.97, 1.03);
        Assert.InRange(fourth / N, 2.8, 3.2);
    }

    [Fact]
    public void Shuffling_keeps_the_items_and_reaches_every_order()
    {
        var orders = new Dictionary<string, int>();
        for (var i = 0; i < 6000; i++)
        {
            var items = "abc".ToCharArray();
            new CounterRandom((ulong)i, "shuffle").Shuffle<char>(items);
            var text = new string(items);
            orders[text] = orders.GetValueOrDefault(text) + 1;
        }

        Assert.Equal(6, orders.Count);
        Assert.All(orders.Values, n => Assert.InRange(n, 820, 1180));
    }

    private static ulong[] Draw(CounterRandom random) => [.. Enumerable.Range(0, 8).Select(_ => random.NextUInt64())];
}
