using System.Globalization;
using System.Net;
using System.Text;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Simulation.Results;

namespace BrainMVP.Federated.Simulation.Report;

/// <summary>The report's part on a supervised run: scores on the sites' held-out cases.</summary>
internal static class ScoreReport
{
    /// <summary>What the scores of a supervised plan are.</summary>
    public static string Measure(Plan plan) => plan.Downstream.Kind == TaskKinds.Segmentation ? "Dice" : "recall";

    public static void Write(StringBuilder html, SimulationResults results)
    {
        if (results.Run is not { } run || run.Validation.Count == 0)
        {
            return;
        }

        var (validation, measure) = (run.Validation.OrderBy(v => v.Round).ToArray(), Measure(results.Plan));
        var outputs = results.Plan.ToTask().Outputs();
        html.Append(CultureInfo.InvariantCulture, $"<h2>Scores</h2><p>Mean {measure} of the global model on the sites' held-out cases, which nothing was learned from. Round 0 is the model that the run began with.</p>");
        html.Append("<table><tr><th>region or class</th><th>round 0</th><th>end</th><th>cases</th></tr>");
        foreach (var output in outputs.Where(validation[^1].Scores.ContainsKey))
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{WebUtility.HtmlEncode(output)}</td><td>{Score(validation[0].Scores, output)}</td><td>{Score(validation[^1].Scores, output)}</td><td>{validation[^1].ScoreCases[output]}</td></tr>");
        }

        html.Append("</table><div class=\"tiles\">");
        html.Append(LineChart.Draw($"{measure} by region or class", "round", [.. outputs.Select(o => new Series(o, [.. validation.Where(v => v.Scores.ContainsKey(o)).Select(v => ((double)v.Round, v.Scores[o]))]))]));
        html.Append(LineChart.Draw($"Mean {measure} by site", "round", [.. results.Sites.Select(s => new Series(s.Name, [.. validation.Where(v => v.BySite.ContainsKey(s.Name)).Select(v => ((double)v.Round, 1 - v.BySite[s.Name]))]))]));
        html.Append(LineChart.Draw("Training loss by site", "round", [.. results.Sites.Select(s => new Series(s.Name, [.. run.Rounds.Where(r => r.Losses.ContainsKey(s.Name)).Select(r => ((double)r.Round, r.Losses[s.Name]))]))]));
        html.Append("</div>");
        WriteComparison(html, run, measure);
    }

    private static void WriteComparison(StringBuilder html, RunStatus run, string measure)
    {
        if (run.Comparison.Count == 0)
        {
            return;
        }

        var scores = run.Comparison.Where(c => c.Scores.Count > 0).ToDictionary(c => (c.ModelSite, c.DataSite), c => c.Scores.Values.Average());
        string[] models = [.. run.Comparison.Select(c => c.ModelSite).Distinct(StringComparer.Ordinal)], people = [.. run.Comparison.Select(c => c.DataSite).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        html.Append(CultureInfo.InvariantCulture, $"<h3>Each site's own model on each site's held-out cases</h3><p>Mean {measure}. A row is a model as its site uses it, with the layers it keeps of its own; a column is a site's cases.</p>");
        html.Append(CultureInfo.InvariantCulture, $"<table><tr><th>model of</th>{string.Concat(people.Select(p => $"<th>{WebUtility.HtmlEncode(p)}</th>"))}</tr>");
        foreach (var model in models)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{WebUtility.HtmlEncode(model)}</td>{string.Concat(people.Select(p => $"<td>{(scores.TryGetValue((model, p), out var score) ? score.ToString("F4", CultureInfo.InvariantCulture) : "")}</td>"))}</tr>");
        }

        html.Append("</table>");
    }

    private static string Score(Google.Protobuf.Collections.MapField<string, double> scores, string output) => scores.TryGetValue(output, out var score) ? score.ToString("F4", CultureInfo.InvariantCulture) : "";
}
