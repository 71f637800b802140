using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.V1;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>The sites' own models of a supervised run, and what they do at each other's cases.</summary>
public static class OwnModels
{
    /// <summary>Artifact of each site's own model, by site; empty in a run that does not compare them.</summary>
    public static IReadOnlyDictionary<string, string> Of(RunState state, DocumentStore documents) => state.Evaluations
        .Select(e => (Site: e.Key, Model: documents.Read<EvaluationReport>(e.Value).OwnModel))
        .Where(m => m.Model is not null)
        .ToDictionary(m => m.Site, m => m.Model!, StringComparer.Ordinal);

    /// <summary>Each model at each site that measured it.</summary>
    public static IEnumerable<ModelComparison> Comparison(RunState state, DocumentStore documents)
    {
        var reports = state.Comparisons.Values.Select(documents.Read<ComparisonReport>).ToArray();
        return reports
            .SelectMany(r => r.Scores.Select(s => (Model: s.Key, Data: r.Site, Scores: s.Value)))
            .OrderBy(m => m.Model, StringComparer.Ordinal)
            .ThenBy(m => m.Data, StringComparer.Ordinal)
            .Select(m => Entry(m.Model, m.Data, m.Scores));
    }

    private static ModelComparison Entry(string model, string data, IReadOnlyDictionary<string, ScoreSum> scores)
    {
        var entry = new ModelComparison { ModelSite = model, DataSite = data };
        entry.Scores.Add(scores.ToDictionary(s => s.Key, s => s.Value.Mean()));
        entry.Cases.Add(scores.ToDictionary(s => s.Key, s => s.Value.Cases));
        return entry;
    }
}
