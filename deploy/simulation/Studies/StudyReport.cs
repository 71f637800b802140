using System.Globalization;
using System.Text;
using BrainMVP.Federated.Imaging.Pages;
using BrainMVP.Federated.Simulation.Report;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>The results of a study as one page without further files.</summary>
internal static class StudyReport
{
    public static string Write(StudyResults results)
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Study: {Html.Escape(results.Study)}</title><style>{PageStyle.Css}</style></head><body><main>");
        html.Append(CultureInfo.InvariantCulture, $"<h1>{Html.Escape(results.Title)}</h1><p class=\"soft\">Study {Html.Escape(results.Study)}: {results.Seeds} seeds, {results.TestCases} held-out people that do not exist at each site. Brackets and bars are 95 % intervals, percentile bootstrap over seeds and people; differences are paired.</p>");
        if (results.ShareOfPooled is { } share)
        {
            html.Append(CultureInfo.InvariantCulture, $"<p>Dice of ours is <b>{share:F3}</b> of that of all people in one place (target {Study.ShareOfPooled}: {Badge(share >= Study.ShareOfPooled)}).</p>");
        }

        if (results.Study == Study.LabelEfficiency)
        {
            Curves(html, results);
        }

        html.Append("<h2>Dice</h2>");
        IntervalChart.Draw(html, results, r => r.Dice);
        Methods(html, results, r => r.Dice);
        if (results.Results.All(r => r.Area is not null))
        {
            html.Append("<h2>Area under the ROC curve</h2>");
            IntervalChart.Draw(html, results, r => r.Area!);
            Methods(html, results, r => r.Area!);
        }

        Differences(html, results);
        Matrix(html, results);
        html.Append("</main></body></html>");
        return html.ToString();
    }

    private static string Badge(bool met) => met ? "<span class=\"badge good\">met</span>" : "<span class=\"badge bad\">missed</span>";

    private static void Curves(StringBuilder html, StudyResults results)
    {
        html.Append("<h2>Dice over labels</h2><div class=\"panels\">");
        foreach (var site in results.Sites)
        {
            var points = results.Results.Where(r => r.Site == site).Select(r => (Parts: r.Method.Split('-'), r.Dice)).ToArray();
            html.Append("<div class=\"panel\">").Append(LineChart.Draw(site, "% of the labels",
                [.. points.GroupBy(p => p.Parts[0]).Select(g => new Series(g.Key, [.. g.Select(p => (double.Parse(p.Parts[1], CultureInfo.InvariantCulture), p.Dice.Estimate))]))])).Append("</div>");
        }

        html.Append("</div>");
    }

    private static void Methods(StringBuilder html, StudyResults results, Func<MethodResult, Range95> value)
    {
        html.Append("<div class=\"wide\"><table><thead><tr><th>method</th>").Append(string.Concat(results.Sites.Select(s => $"<th>{Html.Escape(s)}</th>"))).Append("</tr></thead><tbody>");
        foreach (var method in results.Methods)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><th>{Html.Escape(method)}</th>{string.Concat(results.Results.Where(r => r.Method == method).Select(r => $"<td>{StudyText.Text(value(r), "0.000")}</td>"))}</tr>");
        }

        html.Append("</tbody></table></div>");
    }

    private static void Differences(StringBuilder html, StudyResults results)
    {
        html.Append("<h2>Paired differences of Dice</h2><div class=\"wide\"><table><thead><tr><th>difference</th>").Append(string.Concat(results.Sites.Select(s => $"<th>{Html.Escape(s)}</th>"))).Append("<th>target for the lower end</th></tr></thead><tbody>");
        foreach (var pair in results.Differences.GroupBy(d => (d.First, d.Second, d.Target)))
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><th>{Html.Escape(pair.Key.First)} − {Html.Escape(pair.Key.Second)}</th>{string.Concat(pair.Select(d => $"<td>{StudyText.Text(d.Difference, "+0.000;-0.000")} {(d.Met is { } met ? Badge(met) : "")}</td>"))}<td>{(pair.Key.Target is { } target ? $"above {target}" : "none")}</td></tr>");
        }

        html.Append("</tbody></table></div>");
    }

    private static void Matrix(StringBuilder html, StudyResults results)
    {
        if (results.Matrix is not { } matrix)
        {
            return;
        }

        html.Append(CultureInfo.InvariantCulture, $"<h2>Across sites</h2><p>Mean Dice of the models of {Html.Escape(results.MatrixOf)} (seed 1): rows are the sites that learned, columns the sites whose people were labelled.</p><table><thead><tr><th></th>{string.Concat(results.Sites.Take(matrix.Count).Select(s => $"<th>{Html.Escape(s)}</th>"))}</tr></thead><tbody>");
        foreach (var (row, values) in matrix.Index())
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><th>{Html.Escape(results.Sites[row])}</th>{string.Concat(values.Select(v => $"<td>{v:F3}</td>"))}</tr>");
        }

        html.Append("</tbody></table>");
    }
}
