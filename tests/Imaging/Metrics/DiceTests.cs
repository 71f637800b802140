using BrainMVP.Federated.Imaging.Metrics;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Metrics;

public sealed class DiceTests
{
    [Fact]
    public void Values_of_the_definition_are_reproduced()
    {
        var cases = GoldenFile.Metrics.GetProperty("masks").EnumerateArray().ToArray();
        Assert.Equal(44, cases.Length);
        foreach (var golden in cases)
        {
            var (prediction, truth) = HausdorffTests.Pair(golden);
            Assert.Equal(golden.GetProperty("voxels").Ints(), new[] { prediction.Count(v => v), truth.Count(v => v) });
            GoldenFile.AssertClose(golden.Number("dice"), Dice.Of(prediction, truth, EmptyTruth.Undefined), 1e-15, $"{golden}");
            GoldenFile.AssertClose(golden.Number("diceScored"), Dice.Of(prediction, truth, EmptyTruth.Scored), 1e-15, $"{golden}");
        }
    }

    [Fact]
    public void Dice_is_symmetric_and_between_0_and_1_and_1_only_for_equal_masks() =>
        Gen.Select(Gen.Bool.Array[12], Gen.Bool.Array[12]).Sample((a, b) =>
        {
            var (ab, ba) = (Dice.Of(a, b, EmptyTruth.Undefined), Dice.Of(b, a, EmptyTruth.Undefined));
            if (a.Contains(true) && b.Contains(true))
            {
                Assert.Equal(ab, ba);
            }

            if (b.Contains(true))
            {
                Assert.InRange(ab, 0, 1);
                Assert.Equal(a.SequenceEqual(b), ab == 1);
            }
            else
            {
                Assert.Equal(double.NaN, ab);
            }
        });

    [Theory]
    [InlineData(false, double.NaN, 1)]
    [InlineData(true, double.NaN, 0)]
    public void Without_truth_the_convention_decides(bool predicted, double undefined, double scored)
    {
        Assert.Equal(undefined, Dice.Of([predicted, false], [false, false], EmptyTruth.Undefined));
        Assert.Equal(scored, Dice.Of([predicted, false], [false, false], EmptyTruth.Scored));
    }

    [Fact]
    public void A_missed_region_is_zero_in_every_convention() =>
        Assert.All(Enum.GetValues<EmptyTruth>(), convention => Assert.Equal(0, Dice.Of([false, false], [true, false], convention)));

    [Fact]
    public void Means_leave_undefined_values_out_first_over_channels_then_over_cases()
    {
        double[][] cases = [[1, double.NaN, 0.5], [double.NaN, double.NaN, double.NaN], [0.25, 0.25, 0.25]];
        Assert.Equal(new MetricMean(0.5, 2), MetricMean.OverCases(cases));
        Assert.Equal([new MetricMean(0.625, 2), new MetricMean(0.25, 1), new MetricMean(0.375, 2)], MetricMean.PerChannel(cases));
        Assert.Equal(new MetricMean(0, 0), MetricMean.OverCases([[double.NaN]]));
        Assert.Equal(new MetricMean(0, 0), MetricMean.Of([]));
    }

    [Fact]
    public void The_rule_decides_about_values_at_the_threshold()
    {
        float[] values = [0.49f, 0.5f, 0.51f, float.NaN];
        Assert.Equal([false, true, true, false], Threshold.Apply(values, ThresholdRule.AtLeast));
        Assert.Equal([false, false, true, false], Threshold.Apply(values, ThresholdRule.Above));
    }

    [Fact]
    public void Masks_of_different_lengths_are_refused() => Assert.Throws<ArgumentException>(() => Dice.Of([true], [true, false], EmptyTruth.Scored));
}
