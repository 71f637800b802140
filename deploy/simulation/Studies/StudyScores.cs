using System.Globalization;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Metrics;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>Scores of one model on one site's test people, in the order of their names.</summary>
/// <param name="Names">The people.</param>
/// <param name="Values">Segmentation: mean Dice over the regions. Classification: probability of class 1.</param>
/// <param name="Truth">Classification: whether the class is 1; empty for segmentation.</param>
internal sealed record SiteScores(IReadOnlyList<string> Names, double[] Values, bool[] Truth)
{
    /// <summary>Reads a cases.csv of <c>site-agent evaluate</c>.</summary>
    public static SiteScores Read(string path, bool segmentation)
    {
        var lines = File.ReadAllLines(path);
        var header = lines[0].Split(',');
        var rows = lines.Skip(1).Select(l => l.Split(',')).OrderBy(f => f[1], StringComparer.Ordinal).ToArray();
        var value = header.IndexOf(segmentation ? "dice" : "probability_1");
        var people = rows.GroupBy(f => f[1], StringComparer.Ordinal).ToArray();
        return new SiteScores(
            [.. people.Select(p => p.Key)],
            [.. people.Select(p => p.Average(f => double.Parse(f[value], CultureInfo.InvariantCulture)))],
            segmentation ? [] : [.. people.Select(p => p.First()[header.IndexOf("truth")] == "1")]);
    }
}

/// <summary>
/// Means and differences of methods with 95 % intervals: percentile bootstrap, crossed over seeds and people, because
/// every seed was measured on the same people. Differences are paired.
/// </summary>
/// <param name="scores">By method and site one entry for each seed.</param>
/// <param name="seed">Of the resampling.</param>
internal sealed class StudyStatistics(IReadOnlyDictionary<(string Method, string Site), SiteScores[]> scores, long seed)
{
    private const int Replicates = 4000;

    public BootstrapInterval Mean(string method, string site) =>
        Bootstrap("mean", method, site).CrossedMean([.. Of(method, site).Select(s => s.Values)]);

    /// <summary>First minus second.</summary>
    public BootstrapInterval Difference(string first, string second, string site) =>
        Bootstrap("difference", $"{first} {second}", site).CrossedMeanDifference([.. Of(first, site).Select(s => s.Values)], [.. Of(second, site).Select(s => s.Values)]);

    /// <summary>Area under the ROC curve, mean over seeds.</summary>
    public BootstrapInterval Area(string method, string site)
    {
        var seeds = Of(method, site);
        return Bootstrap("area", method, site).Crossed(seeds.Length, seeds[0].Values.Length, (rows, people) =>
        {
            var (sum, truth) = (0.0, new bool[people.Length]);
            var drawn = new double[people.Length];
            foreach (var row in rows)
            {
                for (var n = 0; n < people.Length; n++)
                {
                    (drawn[n], truth[n]) = (seeds[row].Values[people[n]], seeds[row].Truth[people[n]]);
                }

                sum += AreaUnderRoc.Of(drawn, truth);
            }

            return sum / rows.Length;
        });
    }

    /// <summary>One entry a seed; of all sites together the people of every site, one after the other.</summary>
    private SiteScores[] Of(string method, string site)
    {
        if (site != Study.AllSites)
        {
            return scores[(method, site)];
        }

        var sites = scores.Keys.Where(k => k.Method == method).Select(k => k.Site).Order(StringComparer.Ordinal).Select(s => scores[(method, s)]).ToArray();
        return [.. Enumerable.Range(0, sites[0].Length).Select(n => new SiteScores(
            [.. sites.SelectMany(s => s[n].Names)], [.. sites.SelectMany(s => s[n].Values)], [.. sites.SelectMany(s => s[n].Truth)]))];
    }

    private Bootstrap Bootstrap(params object[] path) => new(new CounterRandom((ulong)seed, ["study", .. path]), Replicates);
}
