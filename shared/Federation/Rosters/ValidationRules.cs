using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Federation.Rosters;

/// <summary>What validation sums can be. They reach no model, but people judge a run by them.</summary>
public static class ValidationRules
{
    /// <summary>More crops than any site holds out.</summary>
    public const long MostCrops = 1_000_000_000;

    /// <returns>Null when valid; otherwise one sentence that names the rule.</returns>
    public static string? FindViolation(IReadOnlyDictionary<string, ValidationSum> validation, Plan plan)
    {
        var cropVoxels = plan.Imaging.Crop.Aggregate(1L, (a, b) => a * b);
        foreach (var (name, sum) in validation.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (ValidationView.Find(name, plan.Modalities) is null)
            {
                return $"The validation names \"{name}\", which is no modality or pair of modalities of the plan.";
            }

            if (sum.Crops is < 1 or > MostCrops || sum.Voxels != sum.Crops * cropVoxels || !CanBe(sum))
            {
                return $"The validation of {name} has a sum that cannot be.";
            }
        }

        return null;
    }

    /// <summary>Scores of a supervised run.</summary>
    /// <returns>Null when valid; otherwise one sentence that names the rule.</returns>
    public static string? FindViolation(IReadOnlyDictionary<string, ScoreSum>? scores, Plan plan)
    {
        if (scores is null)
        {
            return null;
        }

        var outputs = plan.IsSupervised() ? plan.ToTask().Outputs() : [];
        foreach (var (name, score) in scores.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            if (!outputs.Contains(name, StringComparer.Ordinal))
            {
                return $"The scores name \"{name}\", which is no region or class of the plan.";
            }

            if (score.Cases is < 1 or > MostCrops || !(score.Sum >= 0 && score.Sum <= score.Cases))
            {
                return $"The score of {name} is a sum that cannot be.";
            }
        }

        return null;
    }

    // A comparison with NaN is false.
    private static bool CanBe(ValidationSum sum) =>
        sum.SquaredError is >= 0 and < double.PositiveInfinity
        && sum.Psnr >= ValidationSum.SmallestPsnr * sum.Crops
        && sum.Psnr <= ValidationSum.LargestPsnr * sum.Crops
        && Math.Abs(sum.Ssim) <= sum.Crops;
}
