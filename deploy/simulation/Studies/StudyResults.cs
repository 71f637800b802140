using BrainMVP.Federated.Imaging.Metrics;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>An estimate with its 95 % interval.</summary>
internal sealed record Range95(double Estimate, double Lower, double Upper)
{
    public static Range95 Of(BootstrapInterval interval) => new(interval.Estimate, interval.Lower, interval.Upper);
}

/// <summary>What one method reaches at one site, or over all.</summary>
/// <param name="Dice">Mean over regions, people and seeds.</param>
/// <param name="Area">Area under the ROC curve of the classes; null where nothing is classified.</param>
internal sealed record MethodResult(string Method, string Site, Range95 Dice, Range95? Area);

/// <summary>A paired difference of Dice.</summary>
/// <param name="Target">What the lower end must be above; null without a target.</param>
/// <param name="Met">Whether it is; null without a target.</param>
internal sealed record DifferenceResult(string First, string Second, string Site, Range95 Difference, double? Target, bool? Met);

/// <summary>Everything the report of a study shows.</summary>
internal sealed record StudyResults
{
    public required string Study { get; init; }

    public required string Title { get; init; }

    public required int Seeds { get; init; }

    public required int TestCases { get; init; }

    /// <summary>Sites, and all of them together at the end.</summary>
    public required IReadOnlyList<string> Sites { get; init; }

    public required IReadOnlyList<string> Methods { get; init; }

    public required IReadOnlyList<MethodResult> Results { get; init; }

    public required IReadOnlyList<DifferenceResult> Differences { get; init; }

    /// <summary>Dice of ours over that of pooled people, over all sites; null where the study has not both.</summary>
    public double? ShareOfPooled { get; init; }

    /// <summary>Method of the next; empty without.</summary>
    public string MatrixOf { get; init; } = "";

    /// <summary>Rows: site of the model; columns: site of the people; mean Dice of the first seed.</summary>
    public IReadOnlyList<IReadOnlyList<double>>? Matrix { get; init; }

    public static StudyResults Of(Study study, StudyOptions options, IReadOnlyList<string> sites, Dictionary<(string, string), SiteScores[]> segmentation, Dictionary<(string, string), SiteScores[]>? classification, double[][]? matrix)
    {
        var dice = new StudyStatistics(segmentation, options.Seed);
        var areas = classification is null ? null : new StudyStatistics(classification, options.Seed);
        string[] everywhere = [.. sites, Simulation.Studies.Study.AllSites];
        MethodResult[] results = [.. study.Methods.SelectMany(m => everywhere.Select(s => new MethodResult(
            m.Name, s, Range95.Of(dice.Mean(m.Name, s)), areas is null ? null : Range95.Of(areas.Area(m.Name, s)))))];
        double? pooled = results.FirstOrDefault(r => r is { Method: "centralised", Site: Simulation.Studies.Study.AllSites })?.Dice.Estimate;
        return new StudyResults
        {
            Study = study.Name,
            Title = study.Title,
            Seeds = options.Seeds,
            TestCases = options.TestCases,
            Sites = everywhere,
            Methods = [.. study.Methods.Select(m => m.Name)],
            Results = results,
            Differences = [.. study.Comparisons.SelectMany(c => everywhere.Select(s =>
            {
                var difference = Range95.Of(dice.Difference(c.First, c.Second, s));
                return new DifferenceResult(c.First, c.Second, s, difference, c.Least, c.Least is { } least ? difference.Lower > least : null);
            }))],
            ShareOfPooled = pooled is { } all ? results.First(r => r is { Method: "ours", Site: Simulation.Studies.Study.AllSites }).Dice.Estimate / all : null,
            MatrixOf = study.Matrix ?? "",
            Matrix = matrix,
        };
    }
}
