using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.Rosters;

namespace BrainMVP.Federated.Federation.Tests.Rosters;

public sealed class ValidationRulesTests
{
    private const long Voxels = 16 * 16 * 32;

    private static readonly Plan Plan = new() { Modalities = ["t1", "t2"], Imaging = new ImagingPlan { Crop = [16, 16, 32] } };
    private static readonly ValidationSum Good = new(12.5, 3 * Voxels, 3, 60, 1.5);

    [Theory]
    [InlineData("t1")]
    [InlineData("t2")]
    [InlineData("t1-from-t2")]
    [InlineData("t2-from-t1")]
    public void Modalities_and_pairs_of_the_plan_are_accepted(string view) => Assert.Null(Violation(view, Good));

    [Theory]
    [InlineData("flair")]
    [InlineData("t1-from-flair")]
    [InlineData("flair-from-t1")]
    [InlineData("t1-from-t1")]
    [InlineData("t1-from-")]
    [InlineData("-from-t1")]
    [InlineData("t1-from-t2-from-t1")]
    [InlineData("T1")]
    [InlineData("")]
    public void Other_names_are_refused(string view) => Assert.Contains($"\"{view}\"", Violation(view, Good), StringComparison.Ordinal);

    [Theory]
    [InlineData("WT", 2.5, 3, true)]
    [InlineData("WT", 3, 3, true)]
    [InlineData("WT", 0, 1, true)]
    [InlineData("WT", 3.1, 3, false)]
    [InlineData("WT", -0.1, 3, false)]
    [InlineData("WT", double.NaN, 3, false)]
    [InlineData("WT", 0, 0, false)]
    [InlineData("ET", 1, 3, false)]
    public void Scores_are_of_the_regions_of_the_plan_and_between_none_and_all_cases(string region, double sum, long cases, bool valid)
    {
        var supervised = Plan with { Downstream = new DownstreamPlan { Kind = "segmentation", Regions = ["WT=1+2"] } };
        var scores = new Dictionary<string, ScoreSum> { [region] = new(sum, cases) };
        Assert.Equal(valid, ValidationRules.FindViolation(scores, supervised) is null);
        Assert.NotNull(ValidationRules.FindViolation(scores, Plan));
    }

    [Fact]
    public void The_ends_of_the_ranges_are_accepted()
    {
        Assert.Null(Violation("t1", Good with { SquaredError = 0, Psnr = 300, Ssim = 3 }));
        Assert.Null(Violation("t1", Good with { SquaredError = double.MaxValue, Psnr = -2400, Ssim = -3 }));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1e-9)]
    [InlineData(double.PositiveInfinity)]
    public void Errors_that_cannot_be_are_refused(double error) => Refused(Good with { SquaredError = error });

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(300.1)]
    [InlineData(-2401)]
    [InlineData(double.NegativeInfinity)]
    public void Ratios_that_cannot_be_are_refused(double psnr) => Refused(Good with { Psnr = psnr });

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(3.01)]
    [InlineData(-3.01)]
    public void Similarities_that_cannot_be_are_refused(double ssim) => Refused(Good with { Ssim = ssim });

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1, -Voxels)]
    [InlineData(3, (3 * Voxels) - 1)]
    [InlineData(3, 3)]
    [InlineData(long.MaxValue, -Voxels)]
    [InlineData(ValidationRules.MostCrops + 1, (ValidationRules.MostCrops + 1) * Voxels)]
    public void Counts_that_do_not_fit_the_crop_are_refused(long crops, long voxels) => Refused(Good with { Crops = crops, Voxels = voxels });

    private static void Refused(ValidationSum sum) => Assert.Contains("cannot be", Violation("t1", sum), StringComparison.Ordinal);

    private static string? Violation(string view, ValidationSum sum) => ValidationRules.FindViolation(new Dictionary<string, ValidationSum> { [view] = sum }, Plan);
}
