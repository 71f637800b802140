using BrainMVP.Federated.Imaging.Metrics;
using BrainMVP.Federated.Imaging.Tests.Support;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Metrics;

public sealed class ClassificationTests
{
    private static readonly Gen<(double[] Scores, bool[] Truth)> Cases =
        Gen.Select(Gen.Int[0, 8], Gen.Bool).Array[2, 30].Select(pairs => (pairs.Select(p => p.Item1 / 8.0).ToArray(), pairs.Select(p => p.Item2).ToArray()));

    [Fact]
    public void The_worked_example_has_an_area_of_seven_eighths() =>
        Assert.Equal(0.875, AreaUnderRoc.Of([.1, .4, .4, .8, .4, .4, .9, .2], [false, false, true, true, false, true, true, false]));

    [Fact]
    public void Binary_values_of_the_definition_are_reproduced()
    {
        var cases = GoldenFile.Metrics.GetProperty("binary").EnumerateArray().ToArray();
        Assert.Equal(30, cases.Length);
        foreach (var golden in cases)
        {
            var (lcg, size, levels, share) = (new Lcg((uint)golden.Int("seed")), golden.Int("size"), golden.Int("levels"), golden.Int("share"));

            // The generator first drew the size.
            lcg.Below(40);
            var (scores, truth) = (new double[size], new bool[size]);
            for (var n = 0; n < size; n++)
            {
                scores[n] = lcg.Below(levels + 1) / (double)levels;
                truth[n] = lcg.Below(100) < share;
            }

            GoldenFile.AssertClose(golden.Number("auc"), AreaUnderRoc.Of(scores, truth), 1e-15, $"{golden}");
            float[] floats = [.. scores.Select(s => (float)s)];
            foreach (var (name, rule) in new[] { ("atLeast", ThresholdRule.AtLeast), ("above", ThresholdRule.Above) })
            {
                var (expected, counts) = (golden.GetProperty(name), BinaryConfusion.From(Threshold.Apply(floats, rule), truth));
                Assert.Equal(expected.GetProperty("counts").Ints(), new[] { (int)counts.TruePositives, (int)counts.FalsePositives, (int)counts.TrueNegatives, (int)counts.FalseNegatives });
                GoldenFile.AssertClose(expected.Number("accuracy"), counts.Accuracy, 1e-15, $"accuracy {golden}");
                GoldenFile.AssertClose(expected.Number("precision"), counts.Precision, 1e-15, $"precision {golden}");
                GoldenFile.AssertClose(expected.Number("recall"), counts.Recall, 1e-15, $"recall {golden}");
                GoldenFile.AssertClose(expected.Number("specificity"), counts.Specificity, 1e-15, $"specificity {golden}");
                GoldenFile.AssertClose(expected.Number("f1"), counts.F1, 1e-15, $"f1 {golden}");
            }
        }
    }

    [Fact]
    public void Values_over_several_classes_are_reproduced_in_every_variant()
    {
        var cases = GoldenFile.Metrics.GetProperty("multiclass").EnumerateArray().ToArray();
        Assert.Equal(12, cases.Length);
        foreach (var golden in cases)
        {
            var (lcg, size, classes, present) = (new Lcg((uint)golden.Int("seed")), golden.Int("size"), golden.Int("classes"), golden.Int("present"));
            lcg.Below(30);
            var (scores, truth, predicted) = (new double[size * classes], new int[size], new int[size]);
            for (var n = 0; n < size; n++)
            {
                for (var c = 0; c < classes; c++)
                {
                    scores[(n * classes) + c] = lcg.Below(17) / 16.0;
                    predicted[n] = scores[(n * classes) + c] > scores[(n * classes) + predicted[n]] ? c : predicted[n];
                }

                truth[n] = lcg.Below(present);
            }

            var matrix = ConfusionMatrix.From(predicted, truth, classes);
            for (var row = 0; row < classes; row++)
            {
                Assert.Equal(golden.GetProperty("confusion")[row].Ints(), Enumerable.Range(0, classes).Select(c => (int)matrix[row, c]));
            }

            GoldenFile.AssertClose(golden.Number("accuracy"), matrix.Accuracy, 1e-15, $"accuracy {golden}");
            GoldenFile.AssertClose(golden.Number("f1Micro"), matrix.F1(ClassAverage.Micro, AbsentClass.Undefined), 1e-15, $"micro {golden}");
            GoldenFile.AssertClose(golden.Number("aucMicro"), AreaUnderRoc.OneVersusRest(scores, truth, classes, ClassAverage.Micro, AbsentClass.Undefined), 1e-15, $"micro {golden}");
            foreach (var absent in Enum.GetValues<AbsentClass>())
            {
                foreach (var average in new[] { ClassAverage.Macro, ClassAverage.Weighted })
                {
                    var name = $"{average}_{absent.ToString().ToLowerInvariant()}";
                    GoldenFile.AssertClose(golden.Number($"f1{name}"), matrix.F1(average, absent), 1e-14, $"f1 {name} {golden}");
                    GoldenFile.AssertClose(golden.Number($"auc{name}"), AreaUnderRoc.OneVersusRest(scores, truth, classes, average, absent), 1e-14, $"auc {name} {golden}");
                }
            }
        }
    }

    [Fact]
    public void Area_does_not_change_under_increasing_maps() => Cases.Sample(c =>
        Assert.Equal(AreaUnderRoc.Of(c.Scores, c.Truth), AreaUnderRoc.Of([.. c.Scores.Select(s => Math.Exp(3 * s) - 7)], c.Truth)));

    [Fact]
    public void Area_turns_into_its_complement_when_scores_or_labels_are_turned() => Cases.Sample(c =>
    {
        var area = AreaUnderRoc.Of(c.Scores, c.Truth);
        GoldenFile.AssertClose(1 - area, AreaUnderRoc.Of([.. c.Scores.Select(s => -s)], c.Truth), 1e-15, "scores");
        GoldenFile.AssertClose(1 - area, AreaUnderRoc.Of(c.Scores, [.. c.Truth.Select(t => !t)]), 1e-15, "labels");
    });

    [Fact]
    public void One_class_alone_has_no_area()
    {
        Assert.Equal(double.NaN, AreaUnderRoc.Of([0.1, 0.2], [true, true]));
        Assert.Equal(double.NaN, AreaUnderRoc.Of([], []));
        Assert.Throws<ArgumentException>(() => AreaUnderRoc.Of([0.1, double.NaN], [true, false]));
    }

    [Fact]
    public void An_area_of_a_hundred_thousand_cases_does_not_overflow()
    {
        var scores = Enumerable.Range(0, 200_000).Select(n => n / 2e5).ToArray();
        Assert.Equal(1, AreaUnderRoc.Of(scores, [.. scores.Select(s => s >= 0.5)]));
        Assert.Equal(0.5, AreaUnderRoc.Of(new double[200_000], [.. scores.Select(s => s >= 0.5)]));
    }

    [Fact]
    public void Micro_F1_is_the_accuracy_and_macro_recall_the_mean_of_the_classes()
    {
        var matrix = ConfusionMatrix.From([0, 0, 1, 2, 2, 2], [0, 1, 1, 2, 2, 0], 3);
        Assert.Equal(4 / 6.0, matrix.Accuracy);
        Assert.Equal(matrix.Accuracy, matrix.F1(ClassAverage.Micro, AbsentClass.Undefined));
        Assert.Equal((0.5 + 0.5 + 1) / 3, matrix.Recall(ClassAverage.Macro, AbsentClass.Undefined), 1e-15);
        Assert.Equal((0.5 + 1 + (2 / 3.0)) / 3, matrix.Precision(ClassAverage.Macro, AbsentClass.Undefined), 1e-15);
        Assert.Equal(new BinaryConfusion(1, 0, 4, 1), matrix.OneVersusRest(1));
    }

    [Fact]
    public void Ratios_without_a_denominator_are_undefined()
    {
        var none = BinaryConfusion.From([], []);
        Assert.All([none.Accuracy, none.Precision, none.Recall, none.Specificity, none.F1], v => Assert.Equal(double.NaN, v));
        Assert.Equal(double.NaN, BinaryConfusion.From([false], [false]).F1);
        Assert.Equal(0, BinaryConfusion.From([true], [false]).F1);
        Assert.Equal(double.NaN, ConfusionMatrix.From([], [], 2).Accuracy);
    }

    [Fact]
    public void Classes_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentException>(() => ConfusionMatrix.From([0, 3], [0, 1], 3));
        Assert.Throws<ArgumentException>(() => ConfusionMatrix.From([0, 1], [0, -1], 3));
        Assert.Throws<ArgumentException>(() => AreaUnderRoc.OneVersusRest([0.1, 0.2], [2], 2, ClassAverage.Macro, AbsentClass.Zero));
    }
}
