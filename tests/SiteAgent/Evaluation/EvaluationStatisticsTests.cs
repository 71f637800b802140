using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.SiteAgent.Evaluation;

namespace BrainMVP.Federated.SiteAgent.Tests.Evaluation;

public sealed class EvaluationStatisticsTests
{
    private static readonly FinetuneTask Segmentation = new() { Regions = ["core=1", "edge=2"] };
    private static readonly FinetuneTask Classification = new() { Kind = TaskKinds.Classification, Classes = ["a", "b"] };

    [Fact]
    public void Every_site_has_its_means_and_all_cases_have_theirs()
    {
        CaseScores[] cases = [Case("north", "1", 0.2, 4), Case("north", "2", 0.4, null), Case("south", "3", 0.9, 1)];
        var groups = new EvaluationStatistics(Segmentation, 1).Of(cases);
        Assert.Equal(["north", "south", "all"], groups.Select(g => g.Name));
        Assert.Equal([2, 1, 3], groups.Select(g => g.Cases));
        Assert.Equal(0.3, groups[0].Metrics["Dice core"].Estimate!.Value, 1e-12);
        Assert.Equal(0.5, groups[2].Metrics["Dice core"].Estimate!.Value, 1e-12);

        // A case without the region has no distance and is left out of its mean.
        Assert.Equal((1, 4.0), (groups[0].Metrics["HD95 core"].Cases, groups[0].Metrics["HD95 core"].Estimate!.Value));
        Assert.Equal((2, 2.5), (groups[2].Metrics["HD95 core"].Cases, groups[2].Metrics["HD95 core"].Estimate!.Value));
    }

    [Fact]
    public void Intervals_hold_the_estimate_and_are_the_same_for_the_same_seed()
    {
        CaseScores[] cases = [.. Enumerable.Range(0, 20).Select(n => Case("north", $"{n}", n / 20.0, n))];
        var first = new EvaluationStatistics(Segmentation, 3).Of(cases)[0].Metrics["Dice core"];
        Assert.InRange(first.Estimate!.Value, first.Lower!.Value, first.Upper!.Value);
        Assert.True(first.Upper - first.Lower > 0.05);
        Assert.Equal(first, new EvaluationStatistics(Segmentation, 3).Of(cases)[0].Metrics["Dice core"]);
    }

    [Fact]
    public void Classes_have_accuracy_area_and_f1()
    {
        // The golden example: area 0.875 for these scores.
        (double Score, string Truth)[] golden = [(.1, "a"), (.4, "a"), (.4, "b"), (.8, "b"), (.4, "a"), (.4, "b"), (.9, "b"), (.2, "a")];
        CaseScores[] cases = [.. golden.Select((g, n) => new CaseScores("north", $"{n}", []) { Scores = new Dictionary<string, double> { ["a"] = 1 - g.Score, ["b"] = g.Score }, Predicted = g.Score > 0.5 ? "b" : "a", Truth = g.Truth })];
        var metrics = new EvaluationStatistics(Classification, 1).Of(cases)[0].Metrics;
        Assert.Equal(0.75, metrics["ACC"].Estimate!.Value, 1e-12);
        Assert.Equal(0.875, metrics["AUC macro"].Estimate!.Value, 1e-12);
        Assert.Equal(((2 * 4.0 / 10) + (2 * 2.0 / 6)) / 2, metrics["F1 macro"].Estimate!.Value, 1e-12);
    }

    private static CaseScores Case(string site, string name, double dice, double? distance) => new(site, name, [])
    {
        Regions = new Dictionary<string, RegionScore> { ["core"] = new(dice, distance, 1, 1), ["edge"] = new(1, null, 0, 0) },
    };
}
