using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Metrics;

namespace BrainMVP.Federated.SiteAgent.Evaluation;

/// <summary>Means of cases with 95 % percentile bootstrap intervals over cases.</summary>
/// <param name="task">Regions or classes.</param>
/// <param name="seed">Of the resampling; the same seed gives the same intervals.</param>
public sealed class EvaluationStatistics(FinetuneTask task, long seed)
{
    /// <summary>Every site in the order given, then all cases together where there are several sites.</summary>
    public IReadOnlyList<GroupScores> Of(IReadOnlyList<CaseScores> cases)
    {
        var sites = cases.Select(c => c.Site).Distinct(StringComparer.Ordinal).Select(s => Group(s, [.. cases.Where(c => c.Site == s)])).ToList();
        return sites.Count > 1 ? [.. sites, Group("all", [.. cases])] : sites;
    }

    private GroupScores Group(string name, CaseScores[] cases) =>
        new(name, cases.Length, task.Kind == TaskKinds.Segmentation ? Segmentation(name, cases) : Classification(name, cases));

    private OrderedDictionary<string, Interval> Segmentation(string name, CaseScores[] cases)
    {
        var metrics = new OrderedDictionary<string, Interval>(StringComparer.Ordinal) { ["Dice"] = Mean(name, "Dice", [.. cases.Select(c => c.MeanDice)]) };
        foreach (var region in LabelRegion.Of(task).Select(r => r.Name))
        {
            metrics[$"Dice {region}"] = Mean(name, $"Dice {region}", [.. cases.Select(c => c.Regions[region].Dice)]);
            metrics[$"HD95 {region}"] = Mean(name, $"HD95 {region}", [.. cases.Select(c => c.Regions[region].Hausdorff95Mm ?? double.NaN)]);
        }

        return metrics;
    }

    private OrderedDictionary<string, Interval> Classification(string name, CaseScores[] cases)
    {
        var classes = task.Classes;
        int[] truth = [.. cases.Select(c => Position(c.Truth))], predicted = [.. cases.Select(c => Position(c.Predicted))];
        double[] scores = [.. cases.SelectMany(c => classes.Select(k => c.Scores[k]))];
        var metrics = new OrderedDictionary<string, Interval>(StringComparer.Ordinal)
        {
            ["ACC"] = Statistic(name, "ACC", cases.Length, units => Matrix(units).Accuracy),
            ["AUC macro"] = Statistic(name, "AUC macro", cases.Length, Area),
            ["F1 macro"] = Statistic(name, "F1 macro", cases.Length, units => Matrix(units).F1(ClassAverage.Macro, AbsentClass.Zero)),
        };
        return metrics;

        int Position(string word) => classes.Index().First(c => c.Item == word).Index;

        ConfusionMatrix Matrix(ReadOnlySpan<int> units) => ConfusionMatrix.From(Chosen(predicted, units), Chosen(truth, units), classes.Count);

        double Area(ReadOnlySpan<int> units)
        {
            var drawn = new double[units.Length * classes.Count];
            for (var n = 0; n < units.Length; n++)
            {
                scores.AsSpan(units[n] * classes.Count, classes.Count).CopyTo(drawn.AsSpan(n * classes.Count));
            }

            return AreaUnderRoc.OneVersusRest(drawn, Chosen(truth, units), classes.Count, ClassAverage.Macro, AbsentClass.Undefined);
        }
    }

    private static int[] Chosen(int[] values, ReadOnlySpan<int> units)
    {
        var chosen = new int[units.Length];
        for (var n = 0; n < chosen.Length; n++)
        {
            chosen[n] = values[units[n]];
        }

        return chosen;
    }

    private Interval Mean(string group, string metric, double[] values) => Of(values.Count(v => !double.IsNaN(v)), Resampling(group, metric).Mean(values));

    private Interval Statistic(string group, string metric, int cases, UnitStatistic statistic) => Of(cases, Resampling(group, metric).Of(cases, statistic));

    private Bootstrap Resampling(string group, string metric) => new(new CounterRandom((ulong)seed, "evaluation", group, metric));

    private static Interval Of(int cases, BootstrapInterval interval) => new(cases, Defined(interval.Estimate), Defined(interval.Lower), Defined(interval.Upper));

    private static double? Defined(double value) => double.IsFinite(value) ? value : null;
}
