using System.Numerics;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Strategies;
using BrainMVP.Federated.Federation.Updates;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.Strategies;

public sealed class RobustRuleTests
{
    private static readonly AggregationPlan Equal = new() { SiteWeighting = SiteWeightings.Equal };

    [Fact]
    public void The_median_and_the_trimmed_mean_are_those_of_the_changes_themselves() => Gen.Select(Gen.ULong, Gen.Int[3, 7], Gen.Bool).Sample(
        (seed, sites, isMedian) =>
        {
            using var federation = new TinyFederation(seed, sites, aggregation: Equal with { Rule = isMedian ? AggregationRules.Median : AggregationRules.TrimmedMean });
            var result = federation.Finish(federation.Site, 3);
            var before = federation.Global("encoder.weight");
            var bound = result.Update.QuantisationBound(TensorGroups.Network);
            for (var i = 0; i < before.Length; i++)
            {
                var changes = federation.Site.Select(s => (double)federation.Local(s, "encoder.weight")[i] - before[i]).Order().ToArray();
                var cut = isMedian ? (sites - 1) / 2 : 1;
                var expected = before[i] + changes[cut..(sites - cut)].Average();
                var slack = (Math.Abs(expected) * 1e-7) + bound;
                Assert.InRange(result.Tensors["encoder.weight"][i], expected - slack, expected + slack);
            }
        },
        iter: 150);

    [Fact]
    public void Robust_models_are_bit_identical_for_any_arrival_order_and_shard_count() => Gen.Select(Gen.ULong, Gen.Int[3, 6], Gen.Bool).Sample(
        (seed, sites, isMedian) =>
        {
            using var federation = new TinyFederation(seed, sites, aggregation: Equal with { Rule = isMedian ? AggregationRules.Median : AggregationRules.TrimmedMean });
            var random = new CounterRandom(seed, "arrival");
            var arrived = federation.Site.Skip(random.NextInt32(sites - 2)).ToArray();
            var expected = federation.Finish(arrived, 1);
            for (var shards = 2; shards <= 7; shards++)
            {
                random.Shuffle<string>(arrived);
                Assert.Equal(expected.Model, federation.Finish(arrived, shards).Model);
            }
        },
        iter: 100);

    [Fact]
    public void One_site_with_a_huge_change_moves_a_mean_but_neither_median_nor_krum()
    {
        using var federation = new TinyFederation(21, 6, aggregation: Equal with { Rule = AggregationRules.Krum, FaultySites = 1 });
        var source = federation.Source(federation.Site);
        var shifted = Shifted(federation, source, "site3");
        var kept = KrumSelection.Keep(federation.Plan.Aggregation, federation.Maps(federation.Site), TensorGroups.Network, shifted, CancellationToken.None);
        Assert.Single(kept);
        Assert.DoesNotContain("site3", kept);
        var many = KrumSelection.Keep(federation.Plan.Aggregation with { Rule = AggregationRules.MultiKrum }, federation.Maps(federation.Site), TensorGroups.Network, shifted, CancellationToken.None);
        Assert.Equal(federation.Site.Where(s => s != "site3"), many);
    }

    [Fact]
    public void Krum_distances_are_exact_and_do_not_depend_on_the_order_of_sites() => Gen.Select(Gen.ULong, Gen.Int[5, 7]).Sample(
        (seed, sites) =>
        {
            var plan = Equal with { Rule = AggregationRules.MultiKrum, FaultySites = 1 };
            using var federation = new TinyFederation(seed, sites, aggregation: plan);
            var source = federation.Source(federation.Site);
            var kept = KrumSelection.Keep(plan, federation.Maps(federation.Site.Reverse()), TensorGroups.Network, source, CancellationToken.None);
            Assert.Equal(Reference(federation, sites - 1), kept);
        },
        iter: 60);

    [Fact]
    public void Equal_scores_go_to_the_first_name()
    {
        var same = new BigInteger[5, 5];
        Assert.Equal(["a", "b"], KrumSelection.Choose(["a", "b", "c", "d", "e"], same, 1, 2));
    }

    [Theory]
    [InlineData(AggregationRules.Median, SiteWeightings.Steps, 3)]
    [InlineData(AggregationRules.TrimmedMean, SiteWeightings.Equal, 2)]
    [InlineData(AggregationRules.Krum, SiteWeightings.Equal, 4)]
    [InlineData(AggregationRules.MultiKrum, SiteWeightings.Cases, 9)]
    public void A_plan_whose_rule_cannot_decide_is_refused(string rule, string weighting, int minimumSites)
    {
        var demo = Presets.Create(Presets.Demo);
        var plan = demo with { Aggregation = new AggregationPlan { Rule = rule, SiteWeighting = weighting }, Quorum = demo.Quorum with { MinimumSites = minimumSites } };
        Assert.Equal("BMF-1004", Assert.Throws<Contracts.Errors.FederationException>(() => PlanRules.Check(plan)).Code.Id);
    }

    private static Payloads Shifted(TinyFederation federation, IUpdateSource source, string site)
    {
        var payloads = federation.Maps(federation.Site).ToDictionary(m => m.Key, m =>
        {
            var bytes = new byte[m.Value.Bytes];
            source.Read(m.Key, 0, bytes);
            return bytes;
        });
        foreach (ref var value in MemoryMarshal.Cast<byte, int>(payloads[site].AsSpan()))
        {
            value = value > 0 ? int.MinValue / 2 : int.MaxValue / 2;
        }

        return new Payloads(payloads);
    }

    private static string[] Reference(TinyFederation federation, int keep)
    {
        var maps = federation.Maps(federation.Site);
        var source = federation.Source(federation.Site);
        BigInteger Distance(string a, string b)
        {
            var sum = BigInteger.Zero;
            foreach (var tensor in maps[a].Tensors.Where(t => t.Tensor.Group == TensorGroups.Network))
            {
                var (x, y) = (Read(a, tensor.Offset, tensor.Count), Read(b, maps[b].Find(tensor.Tensor.Name)!.Offset, tensor.Count));
                for (var i = 0; i < x.Length; i++)
                {
                    // In units of 2^-60, the finest scale there is.
                    sum += BigInteger.Pow((BigInteger)x[i] - y[i], 2) << (2 * (60 - tensor.Scale));
                }
            }

            return sum;
        }

        int[] Read(string site, long offset, long count)
        {
            var values = new int[count];
            source.Read(site, offset, MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }

        return [.. federation.Site
            .Select(s => (Site: s, Score: federation.Site.Where(o => o != s).Select(o => Distance(s, o)).Order().Take(federation.Site.Count - 3).Aggregate(BigInteger.Zero, (a, b) => a + b)))
            .OrderBy(s => s.Score).ThenBy(s => s.Site, StringComparer.Ordinal).Take(keep).Select(s => s.Site).Order(StringComparer.Ordinal)];
    }
}
