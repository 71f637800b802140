using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Metrics;

namespace BrainMVP.Federated.Imaging.Tests.Metrics;

public sealed class BootstrapTests
{
    [Fact]
    public void The_same_stream_gives_the_same_interval()
    {
        var values = Normal(25, "values");
        Assert.Equal(New(500).Mean(values), New(500).Mean(values));
        Assert.NotEqual(New(500).Mean(values), New(500, "other").Mean(values));
    }

    [Fact]
    public void An_interval_of_95_per_cent_holds_the_true_mean_about_so_often()
    {
        // Percentile intervals of 30 normal values are known to be a little short: about 93 to 94 per cent.
        var (random, covered) = (new CounterRandom(11, "coverage"), 0);
        for (var n = 0; n < 400; n++)
        {
            double[] values = [.. Enumerable.Range(0, 30).Select(_ => random.NextNormal())];
            var interval = new Bootstrap(random, 300).Mean(values);
            covered += interval.Lower <= 0 && 0 <= interval.Upper ? 1 : 0;
        }

        Assert.InRange(covered, 400 * 0.90, 400 * 0.97);
    }

    [Fact]
    public void The_width_is_that_of_the_standard_error()
    {
        var values = Normal(400, "values");
        var mean = values.Average();
        var error = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / values.Length / values.Length);
        var interval = New(4000).Mean(values);
        Assert.Equal(mean, interval.Estimate, 1e-12);
        Assert.Equal(2 * 1.96 * error, interval.Upper - interval.Lower, 0.06 * 4 * error);
        var half = new Bootstrap(new CounterRandom(7, "bootstrap"), 4000, 0.5).Mean(values);
        Assert.Equal(2 * 0.6745 * error, half.Upper - half.Lower, 0.06 * 4 * error);
    }

    [Fact]
    public void Pairs_stay_together()
    {
        // Two methods whose cases differ much from each other but always by 0.1 between the methods.
        var first = Normal(40, "values");
        double[] second = [.. first.Select(v => v - 0.1)];
        var paired = New(500).MeanDifference(first, second);
        Assert.Equal(0.1, paired.Lower, 1e-12);
        Assert.Equal(0.1, paired.Upper, 1e-12);
        double[][] rows = [first, second, first], others = [second, [.. second.Select(v => v - 0.1)], second];
        var crossed = New(500).CrossedMeanDifference(rows, others);
        Assert.Equal(0.1, crossed.Lower, 1e-12);
        Assert.Equal(0.1, crossed.Upper, 1e-12);
    }

    [Fact]
    public void Cases_undefined_for_one_method_are_left_out_for_both()
    {
        var interval = New(2000).MeanDifference([3, double.NaN, 5, 7], [2, 1, 4, double.NaN]);
        Assert.Equal((1.0, 1.0, 1.0), (interval.Estimate, interval.Lower, interval.Upper));

        // Only replicates that draw nothing but the two undefined cases have no mean: (1/2)⁴.
        Assert.InRange(interval.Undefined, 2000 * 0.045, 2000 * 0.08);
        Assert.InRange(New(2000).CrossedMean([[1, double.NaN, 1, double.NaN]]).Undefined, 2000 * 0.045, 2000 * 0.08);
    }

    [Fact]
    public void Crossed_resampling_sees_the_spread_of_seeds_and_of_cases()
    {
        var (seeds, cases) = (Normal(8, "seeds"), Normal(60, "cases"));
        double[][] bySeed = [.. seeds.Select(s => cases.Select(_ => s).ToArray())];
        double[][] byCase = [.. seeds.Select(_ => cases)];
        double[][] both = [.. seeds.Select(s => cases.Select(c => s + c).ToArray())];
        var (onlySeeds, onlyCases, all) = (New(4000).CrossedMean(bySeed), New(4000).CrossedMean(byCase), New(4000).CrossedMean(both));

        // Effects of one kind only: as wide as resampling that kind alone; independent effects add in squares.
        Assert.Equal(Width(New(4000).Mean(seeds)), Width(onlySeeds), 0.05 * Width(onlySeeds));
        Assert.Equal(Width(New(4000).Mean(cases)), Width(onlyCases), 0.05 * Width(onlyCases));
        Assert.Equal(Math.Sqrt((Width(onlySeeds) * Width(onlySeeds)) + (Width(onlyCases) * Width(onlyCases))), Width(all), 0.06 * Width(all));
    }

    [Fact]
    public void Nested_resampling_draws_groups_then_their_cases()
    {
        var seeds = Normal(8, "seeds");
        double[][] flat = [.. seeds.Select(s => new[] { s, s, s })];
        var interval = New(4000).NestedMean(flat);
        Assert.Equal(seeds.Average(), interval.Estimate, 1e-12);
        Assert.Equal(Width(New(4000).Mean(seeds)), Width(interval), 0.05 * Width(interval));

        // A single group is the plain variant; a large group does not outweigh a small one.
        var cases = Normal(50, "cases");
        Assert.Equal(Width(New(4000).Mean(cases)), Width(New(4000).NestedMean([cases])), 0.05 * Width(New(4000).Mean(cases)));
        Assert.Equal(0.5, New(10).NestedMean([[1, 1, 1, 1, 1, 1, 1, 1, 1], [0]]).Estimate);
    }

    [Fact]
    public void Any_statistic_can_be_resampled_and_undefined_replicates_are_counted()
    {
        double[] scores = [0.1, 0.4, 0.35, 0.8];
        bool[] truth = [false, false, true, true];
        var interval = New(2000).Of(4, units =>
        {
            var (s, t) = (new double[units.Length], new bool[units.Length]);
            for (var n = 0; n < units.Length; n++)
            {
                (s[n], t[n]) = (scores[units[n]], truth[units[n]]);
            }

            return AreaUnderRoc.Of(s, t);
        });
        Assert.Equal(0.75, interval.Estimate);

        // Four draws of one class only: 2 · (1/2)⁴ of the replicates.
        Assert.InRange(interval.Undefined, 2000 * 0.10, 2000 * 0.15);
        Assert.InRange(interval.Lower, 0, 0.75);
        Assert.Equal(1, interval.Upper);
        Assert.Equal(new BootstrapInterval(double.NaN, double.NaN, double.NaN, 50), New(50).Mean([double.NaN]));
    }

    [Fact]
    public void Constant_values_have_no_width()
    {
        Assert.Equal(new BootstrapInterval(0.25, 0.25, 0.25, 0), New(100).Mean([0.25, 0.25, 0.25]));
        Assert.Equal(new BootstrapInterval(0.25, 0.25, 0.25, 0), New(100).CrossedMean([[0.25, 0.25], [0.25, 0.25]]));
    }

    [Fact]
    public void Arguments_that_make_no_interval_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => New(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Bootstrap(new CounterRandom(1), 10, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => New(10).Mean([]));
        Assert.Throws<ArgumentException>(() => New(10).MeanDifference([1], [1, 2]));
        Assert.Throws<ArgumentException>(() => New(10).CrossedMean([[1], [1, 2]]));
    }

    private static Bootstrap New(int replicates, string name = "bootstrap") => new(new CounterRandom(7, name), replicates);

    private static double Width(BootstrapInterval interval) => interval.Upper - interval.Lower;

    private static double[] Normal(int count, string name)
    {
        var random = new CounterRandom(5, name);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextNormal())];
    }
}
