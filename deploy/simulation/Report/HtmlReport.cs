using System.Globalization;
using System.Net;
using System.Text;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Simulation.Federation;
using BrainMVP.Federated.Simulation.Results;

namespace BrainMVP.Federated.Simulation.Report;

/// <summary>The report: one HTML file that needs nothing else, with pictures and charts inside.</summary>
public static class HtmlReport
{
    private const string Style = """
        :root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #2a7ae2; }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
        h1 { margin-bottom: 0; } h2 { margin-top: 2.2rem; border-bottom: 1px solid var(--line); }
        table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
        th { background: var(--soft); } code { font-size: .85em; word-break: break-all; }
        .lead { font-size: 1.1em; } .good { color: #188038; } .bad { color: #c5221f; }
        .matrix td { text-align: center; } .matrix small { opacity: .75; }
        .tiles { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; } figcaption { font-size: .85em; text-align: center; }
        img { background: #000; max-width: 100%; } svg { max-width: 100%; height: auto; } details { margin: .5rem 0; }
        """;

    public static string Write(SimulationResults results, SimulationFolder folder)
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Simulated federation: {Text(results.Plan.Name)}</title><style>{Style}</style></head><body>");
        Head(html, results);
        if (results.Plan.IsSupervised())
        {
            ScoreReport.Write(html, results);
        }
        else
        {
            Losses(html, results);
        }

        QualityReport.Write(html, [.. (results.Run?.Validation ?? []).OrderBy(v => v.Round)]);
        Sites(html, results, folder);
        Rounds(html, results);
        Templates(html, results, folder);
        Phases(html, results);
        html.Append("</body></html>");
        return html.ToString();
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static void Head(StringBuilder html, SimulationResults results)
    {
        html.Append(CultureInfo.InvariantCulture, $"<h1>Simulated federation</h1><p>Plan <b>{Text(results.Plan.Name)}</b> (preset {Text(results.Plan.Preset)}), seed {results.Plan.Seed}</p>");
        var state = results.Status == "completed" ? "good" : "bad";
        html.Append(CultureInfo.InvariantCulture, $"<p class=\"lead\">The run is <b class=\"{state}\">{Text(results.Status)}</b> after {results.Run?.Summary.CommittedRounds ?? 0} rounds with {results.Sites.Count} sites.");
        if (results.Reason.Length > 0)
        {
            html.Append(CultureInfo.InvariantCulture, $" {Text(results.Reason)}");
        }

        if (results.Loss.Count > 1 && results.Plan.IsSupervised())
        {
            html.Append(CultureInfo.InvariantCulture, $" The mean {ScoreReport.Measure(results.Plan)} on held-out cases went from {Number(1 - results.Loss[0], "F4")} to {Number(1 - results.Loss[^1], "F4")}.");
        }
        else if (results.Loss.Count > 1)
        {
            html.Append(CultureInfo.InvariantCulture, $" The global validation reconstruction error went from {Number(results.Loss[0], "F5")} (untrained) to {Number(results.Loss[^1], "F5")}: {Number((1 - (results.Loss[^1] / results.Loss[0])) * 100, "F1")} % lower.");
        }

        html.Append(CultureInfo.InvariantCulture, $"</p><p>Global model <code>{Text(results.ModelHash)}</code></p>");
    }

    private static void Losses(StringBuilder html, SimulationResults results)
    {
        if (results.Run is not { } run || run.Validation.Count == 0)
        {
            return;
        }

        var validation = run.Validation.OrderBy(v => v.Round).ToArray();
        html.Append("<h2>Validation loss</h2><p>Mean squared reconstruction error of the template view on fixed held-out crops and masks. Round 0 is the untrained model.</p><div class=\"tiles\">");
        html.Append(LineChart.Draw("Global", "round", [new Series("all sites", [.. validation.Select(v => ((double)v.Round, v.Loss))])]));
        html.Append(LineChart.Draw("By site", "round", [.. results.Sites.Select(s => new Series(s.Name, [.. validation.Where(v => v.BySite.ContainsKey(s.Name)).Select(v => ((double)v.Round, v.BySite[s.Name]))]))]));
        html.Append(LineChart.Draw("By modality", "round", [.. results.Templates.Keys.Select(m => new Series(m, [.. validation.Where(v => v.ByModality.ContainsKey(m)).Select(v => ((double)v.Round, v.ByModality[m]))]))]));
        html.Append(LineChart.Draw("Training loss by site", "round", [.. results.Sites.Select(s => new Series(s.Name, [.. run.Rounds.Where(r => r.Losses.ContainsKey(s.Name)).Select(r => ((double)r.Round, r.Losses[s.Name]))]))]));
        html.Append("</div>");
    }

    private static void Sites(StringBuilder html, SimulationResults results, SimulationFolder folder)
    {
        html.Append(CultureInfo.InvariantCulture, $"<h2>Sites</h2><p>The simulation writes each site an ordinary policy file with <code>minimumCohort: {SimulationResults.SimulatedMinimumCohort}</code>; the shipped default is {new Contracts.Documents.PolicyDocument().MinimumCohort}.</p>");
        html.Append("<table><tr><th>site</th><th>modalities</th><th>cases</th><th>rounds</th><th>steps</th><th>skipped cases</th></tr>");
        foreach (var site in results.Sites)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(site.Name)}</td><td>{Text(string.Join(", ", site.Modalities))}</td><td>{site.Cases}</td><td>{(site.Refusal.Length > 0 ? $"<span class=\"bad\">refused the plan: {Text(site.Refusal)}</span>" : site.Rounds)}</td><td>{site.Steps}</td><td>{site.Skipped.Count}</td></tr>");
        }

        html.Append("</table>");
        foreach (var site in results.Sites.Where(s => s.Skipped.Count > 0))
        {
            html.Append(CultureInfo.InvariantCulture, $"<details open><summary>{Text(site.Name)} skipped {site.Skipped.Count} cases</summary><table><tr><th>case</th><th>error</th><th>reason</th></tr>");
            foreach (var skipped in site.Skipped)
            {
                html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(skipped.Subject)}</td><td>{Text(skipped.Error)}</td><td>{Text(skipped.Detail)}</td></tr>");
            }

            html.Append("</table></details>");
        }

        foreach (var site in results.Sites.Where(s => s.Notes.Count > 0))
        {
            html.Append(CultureInfo.InvariantCulture, $"<details><summary>{Text(site.Name)}: notes on {site.Notes.Count} cases</summary><ul>{string.Concat(site.Notes.Select(n => $"<li>{Text(n)}</li>"))}</ul></details>");
        }

        html.Append("<h3>One case of each site</h3><div class=\"tiles\">");
        foreach (var site in results.Sites)
        {
            Figure(html, Path.Combine(folder.Root, "cases", site.Name + ".png"), site.Name, 420);
        }

        html.Append("</div>");
    }

    private static void Rounds(StringBuilder html, SimulationResults results)
    {
        html.Append("<h2>Rounds</h2><table><tr><th>round</th><th>state</th><th>in the model</th><th>left out</th><th>training</th><th>upload</th><th>sum and commit</th><th>uploaded</th></tr>");
        foreach (var round in results.Run?.Rounds.AsEnumerable() ?? [])
        {
            var left = string.Join("; ", round.Dropouts.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key}: {d.Value}"));
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{round.Round}</td><td>{Text(round.State)}</td><td>{Text(string.Join(", ", round.Uploaded))}</td><td>{Text(left)}</td><td>{Between(round, "opened", "roster")}</td><td>{Between(round, "roster", "summing")}</td><td>{Between(round, "summing", "committed")}</td><td>{Number(round.UploadBytes.Values.Sum() / 1048576.0, "F1")} MiB</td></tr>");
        }

        html.Append("</table>");
    }

    private static string Between(RoundStatus round, string from, string to) =>
        round.Times.TryGetValue(from, out var a) && round.Times.TryGetValue(to, out var b)
            ? Number((DateTimeOffset.Parse(b, CultureInfo.InvariantCulture) - DateTimeOffset.Parse(a, CultureInfo.InvariantCulture)).TotalSeconds, "F1") + " s"
            : "";

    private static void Templates(StringBuilder html, SimulationResults results, SimulationFolder folder)
    {
        html.Append("<h2>Templates</h2><p>A template is averaged over the sites that own its modality and delivered only with enough contributors. <i>Structure</i> is its correlation with its owners' mean volume inside the head, against the 99th percentile of the same with 100 shifted copies.</p>");
        html.Append("<table><tr><th>modality</th><th>delivered</th><th>contributors</th><th>structure</th><th>SHA-256</th></tr>");
        foreach (var (modality, template) in results.Templates)
        {
            var structure = template.Structure is { } s ? $"<span class=\"{(s.Passed ? "good" : "bad")}\">{Number(s.Correlation, "F3")}</span> against {Number(s.ShiftedPercentile99, "F3")}" : "";
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(modality)}</td><td>{(template.Delivered ? "yes" : $"withheld: {Text(template.Reason)}")}</td><td>{Text(string.Join(", ", template.ContributorSites))}</td><td>{structure}</td><td><code>{Text(template.Sha256)}</code></td></tr>");
        }

        html.Append("</table>");
        var rounds = Directory.Exists(folder.History) ? Directory.EnumerateDirectories(folder.History).Order(StringComparer.Ordinal).ToArray() : [];
        foreach (var modality in results.Templates.Where(t => t.Value.Delivered).Select(t => t.Key))
        {
            html.Append(CultureInfo.InvariantCulture, $"<h3>{Text(modality)} over the rounds</h3><div class=\"tiles\">");
            foreach (var round in Spread(rounds, 6))
            {
                Figure(html, Path.Combine(round, modality + ".png"), $"round {int.Parse(Path.GetFileName(round), CultureInfo.InvariantCulture)}", 330);
            }

            Figure(html, Path.Combine(folder.Templates, modality + "-owners-mean.png"), "mean of the owners' volumes", 330);
            html.Append("</div>");
        }
    }

    /// <summary>At most <paramref name="count"/> of the rounds, evenly spread, the last one always.</summary>
    private static IEnumerable<string> Spread(string[] rounds, int count) => rounds.Length <= count
        ? rounds
        : Enumerable.Range(0, count).Select(i => rounds[(int)Math.Round(i * (rounds.Length - 1) / (count - 1.0))]);

    private static void Phases(StringBuilder html, SimulationResults results)
    {
        html.Append("<h2>Time</h2><table><tr><th>phase</th><th>seconds</th></tr>");
        foreach (var (phase, seconds) in results.Timings)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(phase)}</td><td>{Number(seconds, "F1")}</td></tr>");
        }

        html.Append("</table>");
    }

    private static void Figure(StringBuilder html, string path, string caption, int width)
    {
        if (File.Exists(path))
        {
            html.Append(CultureInfo.InvariantCulture, $"<figure><img width=\"{width}\" alt=\"{Text(caption)}\" src=\"data:image/png;base64,{Convert.ToBase64String(File.ReadAllBytes(path))}\"><figcaption>{Text(caption)}</figcaption></figure>");
        }
    }
}
