using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Contracts.Documents;

namespace BrainMVP.Federated.Aggregator.Tests.Runs;

public sealed class ValidationTotalsTests
{
    private static readonly Dictionary<string, IReadOnlyDictionary<string, ValidationSum>> Sums = new()
    {
        ["south"] = new Dictionary<string, ValidationSum> { ["t1"] = new(30, 300, 3, 60, 1.5) },
        ["north"] = new Dictionary<string, ValidationSum>
        {
            ["t2"] = new(8, 100, 1, 11, 0.25),
            ["t1"] = new(20, 100, 1, 12, 0.7),
            ["t1-from-t2"] = new(90, 100, 1, 0.5, -0.1),
        },
    };

    [Fact]
    public void Loss_is_the_error_per_voxel_of_the_template_view_alone()
    {
        var validation = ValidationTotals.Of(2, Sums);
        Assert.Equal(2, validation.Round);
        Assert.Equal(58.0 / 500, validation.Loss);
        Assert.Equal(28.0 / 200, validation.BySite["north"]);
        Assert.Equal(30.0 / 300, validation.BySite["south"]);
        Assert.Equal(50.0 / 400, validation.ByModality["t1"]);
        Assert.Equal(["t1", "t2"], validation.ByModality.Keys.Order());
    }

    [Fact]
    public void Scores_of_a_supervised_run_weigh_cases_alike_and_regions_alike()
    {
        var scores = new Dictionary<string, IReadOnlyDictionary<string, ScoreSum>>
        {
            ["south"] = new Dictionary<string, ScoreSum> { ["WT"] = new(1.5, 3), ["TC"] = new(0.5, 1) },
            ["north"] = new Dictionary<string, ScoreSum> { ["WT"] = new(1, 1) },
        };
        var validation = ValidationTotals.Of(3, new Dictionary<string, IReadOnlyDictionary<string, ValidationSum>>(), scores);
        Assert.Equal(2.5 / 4, validation.Scores["WT"]);
        Assert.Equal(0.5, validation.Scores["TC"]);
        Assert.Equal((4, 1), (validation.ScoreCases["WT"], validation.ScoreCases["TC"]));
        Assert.Equal(1 - ((0.625 + 0.5) / 2), validation.Loss, 12);
        Assert.Equal(0, validation.BySite["north"], 12);
        Assert.Equal(0.5, validation.BySite["south"], 12);
    }

    [Fact]
    public void Views_weigh_errors_by_voxels_and_the_other_measures_by_crops()
    {
        var views = ValidationTotals.Of(0, Sums).Views;
        Assert.Equal(["t1/", "t1/t2", "t2/"], views.Select(v => $"{v.Target}/{v.Source}"));
        var t1 = views[0];
        Assert.Equal((50.0 / 400, 18, 0.55, 4), (t1.Mse, t1.Psnr, Math.Round(t1.Ssim, 12), t1.Crops));
        Assert.Equal((0.9, 0.5, -0.1, 1), (views[1].Mse, views[1].Psnr, views[1].Ssim, views[1].Crops));
    }

    [Fact]
    public void Without_any_sum_the_loss_is_zero_and_there_is_no_view()
    {
        var validation = ValidationTotals.Of(0, new Dictionary<string, IReadOnlyDictionary<string, ValidationSum>> { ["north"] = new Dictionary<string, ValidationSum>() });
        Assert.Equal(0, validation.Loss);
        Assert.Empty(validation.Views);
    }

    [Fact]
    public void Counts_of_many_sites_do_not_overflow()
    {
        var huge = new Dictionary<string, ValidationSum> { ["t1"] = new(1e15, 1L << 62, 1, 1, 1) };
        var sums = Enumerable.Range(0, 8).ToDictionary(i => $"site-{i}", _ => (IReadOnlyDictionary<string, ValidationSum>)huge);
        Assert.InRange(ValidationTotals.Of(0, sums).Loss, 1e-10, 1);
    }
}
