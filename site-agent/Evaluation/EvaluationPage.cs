using System.Globalization;
using System.Text;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Imaging.Pages;

namespace BrainMVP.Federated.SiteAgent.Evaluation;

/// <summary>A picture in the report.</summary>
/// <param name="Scores">The case it shows.</param>
/// <param name="Modality">The image behind the outlines.</param>
/// <param name="Png">The picture.</param>
internal sealed record CasePicture(CaseScores Scores, string Modality, byte[] Png);

/// <summary>An evaluation as one page that needs nothing else. Equal evaluations give equal bytes.</summary>
internal static class EvaluationPage
{
    public static string Write(FinetuneTask task, EvaluationSummary summary, IReadOnlyList<CasePicture> pictures)
    {
        var page = new StringBuilder();
        var all = summary.Groups[^1];
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n");
        page.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n");
        page.Append($"<title>Evaluation of {Html.Escape(task.Name)}</title>\n<style>\n{PageStyle.Css}\n</style>\n</head>\n<body>\n<main>\n<h1>Evaluation of {Html.Escape(task.Name)}</h1>\n");
        page.Append(Inv($"<p class=\"soft\">{task.Kind} from {string.Join(", ", task.Modalities)}; {all.Cases} cases. Brackets hold 95 % intervals (percentile bootstrap over cases). This page holds images of people; it stays on this site.</p>\n"));
        page.Append("<div class=\"tiles\" id=\"summary\">\n");
        foreach (var (name, interval) in all.Metrics.Where(m => task.Kind == TaskKinds.Classification || m.Key.StartsWith("Dice", StringComparison.Ordinal)))
        {
            page.Append($"<div class=\"tile\"><b>{Value(interval.Estimate, "F3")}</b>{Html.Escape(name)}<br><span class=\"soft\">{Range(interval, "F3")}</span></div>\n");
        }

        page.Append("</div>\n");
        Groups(page, summary);
        Pictures(page, pictures);
        Cases(page, task, summary);
        if (summary.LeftOut.Count > 0)
        {
            page.Append("<h2>Left out</h2>\n<ul class=\"notes warnings\" id=\"left-out\">\n");
            page.Append(string.Concat(summary.LeftOut.Select(c => $"<li><b>{Html.Escape(c.Key)}</b> {Html.Escape(c.Value)}</li>\n")));
            page.Append("</ul>\n");
        }

        page.Append("<footer>Dice is 1 when neither truth nor prediction has a region and 0 when one of them has not. HD95 is the larger of both directions' 95th percentiles of surface distances in millimetres; cases where truth or prediction lacks the region have none and are left out of its mean. AUC is one class against the rest, F1 counts an absent class as 0; both are means over the classes.</footer>\n</main>\n</body>\n</html>\n");
        return page.ToString();
    }

    private static void Groups(StringBuilder page, EvaluationSummary summary)
    {
        var metrics = summary.Groups[0].Metrics.Keys.ToArray();
        page.Append("<h2>Sites</h2>\n<div class=\"panel wide\"><table id=\"sites\"><thead><tr><th scope=\"col\">site</th><th scope=\"col\" class=\"number\">cases</th>");
        page.Append(string.Concat(metrics.Select(m => $"<th scope=\"col\" class=\"number\">{Html.Escape(Unit(m))}</th>"))).Append("</tr></thead><tbody>\n");
        foreach (var group in summary.Groups)
        {
            page.Append(Inv($"<tr><td>{Html.Escape(group.Name)}</td><td class=\"number\">{group.Cases}</td>"));
            foreach (var metric in metrics)
            {
                var (interval, format) = (group.Metrics[metric], Format(metric));
                var fewer = interval.Cases < group.Cases ? Inv($" <span class=\"soft\">{interval.Cases} cases</span>") : "";
                page.Append($"<td class=\"number\">{Value(interval.Estimate, format)} <span class=\"soft\">{Range(interval, format)}</span>{fewer}</td>");
            }

            page.Append("</tr>\n");
        }

        page.Append("</tbody></table></div>\n");
    }

    private static void Pictures(StringBuilder page, IReadOnlyList<CasePicture> pictures)
    {
        if (pictures.Count == 0)
        {
            return;
        }

        page.Append("<h2>Worst cases</h2>\n<p class=\"soft\">Outlines of all regions together: green the truth, red the prediction, yellow both.</p>\n<div class=\"montage\" id=\"worst\">\n");
        foreach (var picture in pictures)
        {
            var scores = string.Join(", ", picture.Scores.Regions.Select(r => Inv($"{r.Key} {r.Value.Dice:F3}")));
            var name = $"{picture.Scores.Site}: {picture.Scores.Name}";
            page.Append($"<figure><img src=\"data:image/png;base64,{Convert.ToBase64String(picture.Png)}\" alt=\"Truth and prediction of {Html.Escape(name)}\"><figcaption><b>{Html.Escape(name)}</b> on {picture.Modality}; Dice {scores}</figcaption></figure>\n");
        }

        page.Append("</div>\n");
    }

    private static void Cases(StringBuilder page, FinetuneTask task, EvaluationSummary summary)
    {
        string[] columns = task.Kind == TaskKinds.Segmentation
            ? [.. LabelRegion.Of(task).SelectMany(r => new[] { $"Dice {r.Name}", $"HD95 {r.Name}, mm", $"{r.Name}, ml true", $"{r.Name}, ml predicted" })]
            : ["truth", "predicted", .. task.Classes.Select(c => $"p({c})")];
        page.Append("<h2>Cases</h2>\n<div class=\"panel wide\"><table id=\"cases\"><thead><tr><th scope=\"col\">site</th><th scope=\"col\">case</th><th scope=\"col\">missing</th>");
        page.Append(string.Concat(columns.Select(c => $"<th scope=\"col\" class=\"number\">{Html.Escape(c)}</th>"))).Append("</tr></thead><tbody>\n");
        foreach (var item in summary.Cases)
        {
            page.Append($"<tr><td>{Html.Escape(item.Site)}</td><td class=\"path\">{Html.Escape(item.Name)}</td><td>{string.Join(", ", item.Missing)}</td>");
            string[] values = task.Kind == TaskKinds.Segmentation
                ? [.. item.Regions.Values.SelectMany(r => new[] { Value(r.Dice, "F3"), Value(r.Hausdorff95Mm, "F1"), Value(r.TruthMl, "F1"), Value(r.PredictedMl, "F1") })]
                : [Html.Escape(item.Truth), Html.Escape(item.Predicted), .. task.Classes.Select(c => Value(item.Scores[c], "F3"))];
            page.Append(string.Concat(values.Select(v => $"<td class=\"number\">{v}</td>"))).Append("</tr>\n");
        }

        page.Append("</tbody></table></div>\n");
    }

    private static string Unit(string metric) => metric.StartsWith("HD95", StringComparison.Ordinal) ? $"{metric}, mm" : metric;

    private static string Format(string metric) => metric.StartsWith("HD95", StringComparison.Ordinal) ? "F1" : "F3";

    private static string Value(double? value, string format) => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : "–";

    private static string Range(Interval interval, string format) => interval.Lower is null ? "" : $"[{Value(interval.Lower, format)}, {Value(interval.Upper, format)}]";

    private static string Inv(FormattableString text) => FormattableString.Invariant(text);
}
