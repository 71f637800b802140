using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Strategies;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.Strategies;

public sealed class ServerOptimizerTests
{
    private static readonly Gen<string> Kinds = Gen.Int[0, 3].Select(i => new[] { ServerOptimizers.Momentum, ServerOptimizers.Nesterov, ServerOptimizers.Adam, ServerOptimizers.Yogi }[i]);

    [Theory]
    [InlineData(ServerOptimizers.Momentum, 0.1, 0.14)]
    [InlineData(ServerOptimizers.Nesterov, 0.19, 0.176)]
    public void Momentum_adds_up_the_changes_of_earlier_rounds(string kind, double firstStep, double secondStep)
    {
        // Changes 1 and 0.5 with β = 0.9 and rate 0.1: moments 1 and 1.4.
        var optimizer = new ServerOptimizer(new AggregationPlan { ServerOptimizer = kind, ServerLearningRate = 0.1, ServerMomentum = 0.9 });
        var first = optimizer.First(1, 0);
        var second = optimizer.First(0.5, first);
        Assert.Equal(1.4, second, 12);
        Assert.Equal(firstStep, optimizer.Step(1, first, 0), 12);
        Assert.Equal(secondStep, optimizer.Step(0.5, second, 0), 12);
    }

    [Fact]
    public void Adam_and_yogi_follow_their_published_formulas() => Gen.Select(Gen.Double[-2, 2], Gen.Double[-1, 1], Gen.Double[0, 3], Gen.Bool).Sample(
        (change, m, v, isAdam) =>
        {
            var plan = new AggregationPlan { ServerOptimizer = isAdam ? ServerOptimizers.Adam : ServerOptimizers.Yogi, ServerLearningRate = 0.3, ServerMomentum = 0.8, ServerSecondMoment = 0.95, ServerAdaptivity = 0.01 };
            var optimizer = new ServerOptimizer(plan);
            var first = optimizer.First(change, m);
            var second = optimizer.Second(change, v);
            Near((0.8 * m) + (0.2 * change), first);
            var towards = v > change * change ? -1 : v < change * change ? 1 : 0;
            Near(isAdam ? (0.95 * v) + (0.05 * change * change) : v + (0.05 * change * change * towards), second);
            Near(0.3 * first / (Math.Sqrt(second) + 0.01), optimizer.Step(change, first, second));
            Assert.True(second >= 0, "A second moment cannot be negative.");
        },
        iter: 2000);

    [Fact]
    public void Model_and_moments_are_bit_identical_for_any_arrival_order_and_shard_count() => Gen.Select(Gen.ULong, Gen.Int[2, 5], Kinds).Sample(
        (seed, sites, kind) =>
        {
            using var federation = new TinyFederation(seed, sites, aggregation: new AggregationPlan { ServerOptimizer = kind, ServerLearningRate = 0.5 });
            var expected = federation.Finish(federation.Site, 1);
            var second = federation.Finish(federation.Site, 1, expected.Moments);
            for (var shards = 2; shards <= 5; shards++)
            {
                var result = federation.Finish([.. federation.Site.Reverse()], shards);
                Assert.Equal(expected.Model, result.Model);
                Assert.Equal(expected.Moments, result.Moments);
                Assert.Equal(second.Model, federation.Finish(federation.Site, shards, result.Moments).Model);
            }

            Assert.NotEqual(expected.Moments, second.Moments);
        },
        iter: 40);

    [Fact]
    public void The_first_momentum_round_equals_plain_averaging_and_the_second_goes_further()
    {
        var plain = new AggregationPlan { ServerLearningRate = 1 };
        using var average = new TinyFederation(9, 3, aggregation: plain);
        using var momentum = new TinyFederation(9, 3, aggregation: plain with { ServerOptimizer = ServerOptimizers.Momentum });
        var expected = average.Finish(average.Site, 2);
        var first = momentum.Finish(momentum.Site, 2);
        var second = momentum.Finish(momentum.Site, 2, first.Moments);
        var before = average.Global("encoder.weight");
        for (var i = 0; i < before.Length; i++)
        {
            var change = (double)expected.Tensors["encoder.weight"][i] - before[i];
            var precision = (Math.Abs(before[i]) + Math.Abs(change)) * 1e-6;
            Assert.InRange(first.Tensors["encoder.weight"][i] - (double)before[i], change - precision, change + precision);
            Assert.InRange(second.Tensors["encoder.weight"][i] - (double)before[i], (1.9 * change) - (2 * precision), (1.9 * change) + (2 * precision));
        }
    }

    [Fact]
    public void A_tensor_that_changed_nowhere_still_follows_its_momentum_but_statistics_do_not()
    {
        var plan = new AggregationPlan { ServerOptimizer = ServerOptimizers.Momentum };
        using var federation = new TinyFederation(4, 3, aggregation: plan);
        var moved = federation.Finish(federation.Site, 1);
        var again = federation.Finish(federation.Site, 1, moved.Moments);
        Assert.Equal(federation.Global("encoder.frozen"), again.Tensors["encoder.frozen"]);
        Assert.Equal(moved.Tensors["encoder.bn.running_mean"], again.Tensors["encoder.bn.running_mean"]);
        Assert.DoesNotContain("running", System.Text.Encoding.UTF8.GetString(again.Moments!), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SiteWeightings.Steps, 40)]
    [InlineData(SiteWeightings.Cases, 7)]
    [InlineData(SiteWeightings.Equal, 1)]
    public void A_site_counts_for_what_the_plan_says(string weighting, long expected)
    {
        using var federation = new TinyFederation(1, 2);
        var report = federation.Reports[0] with { Steps = 40, Cases = 7, TargetDraws = new Dictionary<string, long> { ["t1"] = 60, ["t2"] = 0 } };
        var plan = new Plan { Aggregation = new AggregationPlan { SiteWeighting = weighting } };
        Assert.Equal(expected, SiteWeights.Of(report, null, plan));
        Assert.Equal(weighting == SiteWeightings.Equal ? 1 : 60, SiteWeights.Of(report, "t1", plan));
        Assert.Equal(0, SiteWeights.Of(report, "t2", plan));
        Assert.Equal(0, SiteWeights.Of(report, "dwi", plan));
    }

    [Theory]
    [InlineData(0, 40 * 1024)]
    [InlineData(1, 20 * 1024)]
    [InlineData(3, 5 * 1024)]
    [InlineData(40, 1)]
    public void Carried_work_counts_for_less_the_older_it_is_but_never_for_nothing(int age, long expected)
    {
        using var federation = new TinyFederation(1, 2);
        var report = federation.Reports[0] with { Steps = 40, Age = age };
        var plan = new Plan { Quorum = new QuorumPlan { LatePolicy = LatePolicies.Carry, StalenessFactor = 0.5 } };
        Assert.Equal(expected, SiteWeights.Of(report, null, plan));
    }

    [Fact]
    public void Withheld_groups_keep_their_moments()
    {
        var plan = new AggregationPlan { ServerOptimizer = ServerOptimizers.Adam };
        using var all = new TinyFederation(12, 4, aggregation: plan);
        using var none = new TinyFederation(12, 4, new Dictionary<string, string> { ["t2"] = "too few" }, plan);
        var first = all.Finish(all.Site, 1);
        var second = none.Finish(none.Site, 1, first.Moments);
        Assert.Equal(Moment(first.Moments!, TensorGroups.Template("t2")), Moment(second.Moments!, TensorGroups.Template("t2")));
        Assert.NotEqual(Moment(first.Moments!, "encoder.weight"), Moment(second.Moments!, "encoder.weight"));
    }

    private static void Near(double expected, double actual) => Assert.InRange(actual, expected - 1e-12 - (Math.Abs(expected) * 1e-9), expected + 1e-12 + (Math.Abs(expected) * 1e-9));

    private static float[] Moment(byte[] state, string tensor)
    {
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, state);
        using var reader = new Contracts.Tensors.SafetensorsReader(path);
        var values = reader.ReadFloats("first." + tensor);
        File.Delete(path);
        return values;
    }
}
