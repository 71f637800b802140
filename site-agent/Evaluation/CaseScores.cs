namespace BrainMVP.Federated.SiteAgent.Evaluation;

/// <summary>How one region of one case was found.</summary>
/// <param name="Dice">0..1; 1 when neither the truth nor the prediction has the region, 0 when one of them has not.</param>
/// <param name="Hausdorff95Mm">HD95 in millimetres; null when the truth or the prediction has not the region.</param>
/// <param name="TruthMl">Volume of the truth.</param>
/// <param name="PredictedMl">Volume of the prediction.</param>
public sealed record RegionScore(double Dice, double? Hausdorff95Mm, double TruthMl, double PredictedMl);

/// <summary>One case of one folder of predictions.</summary>
/// <param name="Site">Name that was given to the folder.</param>
/// <param name="Name">Subject and session.</param>
/// <param name="Missing">Modalities that a template, or zeros, stood in for.</param>
public sealed record CaseScores(string Site, string Name, IReadOnlyList<string> Missing)
{
    /// <summary>By region, in the task's order; empty for classification.</summary>
    public IReadOnlyDictionary<string, RegionScore> Regions { get; init; } = new Dictionary<string, RegionScore>();

    /// <summary>Probability of each class; empty for segmentation.</summary>
    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();

    /// <summary>Predicted and true class; empty for segmentation.</summary>
    public string Predicted { get; init; } = "";

    /// <inheritdoc cref="Predicted"/>
    public string Truth { get; init; } = "";

    /// <summary>Mean Dice over the regions.</summary>
    public double MeanDice => Regions.Count == 0 ? 0 : Regions.Values.Average(r => r.Dice);
}

/// <summary>A mean, or another statistic of cases, with a bootstrap interval.</summary>
/// <param name="Cases">Cases with a defined value.</param>
/// <param name="Estimate">Null when no case has a value.</param>
/// <param name="Lower">2.5th percentile.</param>
/// <param name="Upper">97.5th percentile.</param>
public sealed record Interval(int Cases, double? Estimate, double? Lower, double? Upper);

/// <summary>Statistics of the cases of one site, or of all.</summary>
/// <param name="Name">Site, or "all".</param>
/// <param name="Cases">Number of cases.</param>
/// <param name="Metrics">By name, for example "Dice WT" or "AUC".</param>
public sealed record GroupScores(string Name, int Cases, IReadOnlyDictionary<string, Interval> Metrics);

/// <summary>Content of <c>summary.json</c> of an evaluation.</summary>
public sealed record EvaluationSummary
{
    public required string Task { get; init; }

    public required string Kind { get; init; }

    /// <summary>Each site, and all together where there are several.</summary>
    public required IReadOnlyList<GroupScores> Groups { get; init; }

    public required IReadOnlyList<CaseScores> Cases { get; init; }

    /// <summary>Cases without a prediction or without a truth, and why.</summary>
    public required IReadOnlyDictionary<string, string> LeftOut { get; init; }
}
