using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.V1;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>Validation of one model over the sites: error as mean over all voxels, PSNR and SSIM as mean over all crops.</summary>
public static class ValidationTotals
{
    /// <param name="round">Round after which the model was made; 0 for the initial one.</param>
    /// <param name="sums">By site and name of a <see cref="ValidationView"/>; summed in ordinal order of both.</param>
    /// <param name="scores">Of a supervised run, by site and region or class; null or empty else.</param>
    public static ModelValidation Of(int round, IReadOnlyDictionary<string, IReadOnlyDictionary<string, ValidationSum>> sums, IReadOnlyDictionary<string, IReadOnlyDictionary<string, ScoreSum>>? scores = null)
    {
        if (scores is { Count: > 0 })
        {
            return OfScores(round, scores);
        }

        var all = (from site in sums.OrderBy(s => s.Key, StringComparer.Ordinal)
                   from view in site.Value.OrderBy(v => v.Key, StringComparer.Ordinal)
                   select (Site: site.Key, View: view.Key, Sum: view.Value)).ToArray();

        // The loss is of the template view alone: every site has it, whatever its modalities.
        var templates = all.Where(a => Modalities.IndexOf(a.View) >= 0).ToArray();
        var validation = new ModelValidation { Round = round, Loss = Error(templates.Select(a => a.Sum)) };
        foreach (var site in templates.GroupBy(a => a.Site))
        {
            validation.BySite.Add(site.Key, Error(site.Select(a => a.Sum)));
        }

        foreach (var modality in templates.GroupBy(a => a.View))
        {
            validation.ByModality.Add(modality.Key, Error(modality.Select(a => a.Sum)));
        }

        var byView = all.ToLookup(a => a.View, a => a.Sum);
        validation.Views.Add(ValidationView.All(Modalities.All).Where(v => byView.Contains(v.Name)).Select(v => Quality(v, [.. byView[v.Name]])));
        return validation;
    }

    /// <summary>Regions and classes weigh the same, cases within them too.</summary>
    private static ModelValidation OfScores(int round, IReadOnlyDictionary<string, IReadOnlyDictionary<string, ScoreSum>> scores)
    {
        var all = (from site in scores.OrderBy(s => s.Key, StringComparer.Ordinal)
                   from output in site.Value.OrderBy(v => v.Key, StringComparer.Ordinal)
                   select (Site: site.Key, Output: output.Key, Score: output.Value)).ToArray();
        var validation = new ModelValidation { Round = round };
        foreach (var output in all.GroupBy(a => a.Output, StringComparer.Ordinal))
        {
            validation.Scores.Add(output.Key, output.Sum(o => o.Score.Sum) / output.Sum(o => (double)o.Score.Cases));
            validation.ScoreCases.Add(output.Key, output.Sum(o => o.Score.Cases));
        }

        foreach (var site in all.GroupBy(a => a.Site, StringComparer.Ordinal))
        {
            validation.BySite.Add(site.Key, 1 - site.Average(s => s.Score.Mean()));
        }

        validation.Loss = validation.Scores.Count > 0 ? 1 - validation.Scores.OrderBy(s => s.Key, StringComparer.Ordinal).Average(s => s.Value) : 1;
        return validation;
    }

    private static ViewQuality Quality(ValidationView view, IReadOnlyCollection<ValidationSum> sums) => new()
    {
        Target = view.Target,
        Source = view.Source ?? "",
        Mse = Error(sums),
        Psnr = Mean(sums, s => s.Psnr, s => s.Crops),
        Ssim = Mean(sums, s => s.Ssim, s => s.Crops),
        Crops = sums.Sum(s => s.Crops),
    };

    private static double Error(IEnumerable<ValidationSum> sums) => Mean(sums, s => s.SquaredError, s => s.Voxels);

    private static double Mean(IEnumerable<ValidationSum> sums, Func<ValidationSum, double> value, Func<ValidationSum, long> weight)
    {
        double total = 0;

        // In double, which holds every real count exactly and cannot overflow over any number of sites.
        double weights = 0;
        foreach (var sum in sums)
        {
            total += value(sum);
            weights += weight(sum);
        }

        return weights == 0 ? 0 : total / weights;
    }
}
