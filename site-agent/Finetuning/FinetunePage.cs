using System.Globalization;
using System.Text;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Imaging.Pages;
using BrainMVP.Federated.Training.Finetuning;

namespace BrainMVP.Federated.SiteAgent.Finetuning;

/// <summary>How a fine-tuning went, as one page that needs nothing else. Equal summaries give equal bytes.</summary>
internal static class FinetunePage
{
    private const int Width = 560, Height = 260, Left = 46, Bottom = 30, Top = 10, Right = 8;

    public static string Write(FinetuneTask task, FinetuneSummary summary)
    {
        var page = new StringBuilder();
        var measure = task.Kind == TaskKinds.Segmentation ? "Dice" : "AUC";
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n");
        page.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n");
        page.Append(Inv($"<title>Fine-tuning of {Html.Escape(task.Name)}</title>\n<style>\n{PageStyle.Css}\n</style>\n</head>\n<body>\n<main>\n<h1>Fine-tuning of {Html.Escape(task.Name)}</h1>\n"));
        page.Append(Inv($"<p class=\"soft\">{task.Kind} from {string.Join(", ", task.Modalities)}; {task.Network.Backbone}; {(summary.Start is null ? "started untrained" : $"{summary.Start.Loaded} tensors taken over, {summary.Start.Inflated.Count} inflated, {summary.Start.Fresh.Count} untrained")}. This page names cases; it stays on this site.</p>\n"));
        page.Append("<div class=\"tiles\" id=\"summary\">\n");
        Tile(page, "score", summary.BestScore is { } best ? best.ToString("F3", CultureInfo.InvariantCulture) : "–", $"validation {measure} of the model that was kept");
        Tile(page, "best-step", Inv($"{summary.BestStep}"), Inv($"step it was reached at, of {summary.Steps}"));
        foreach (var (side, cases) in summary.Split.OrderByDescending(s => s.Key, StringComparer.Ordinal))
        {
            Tile(page, side, Inv($"{cases.Count}"), $"cases of {side}");
        }

        page.Append("</div>\n");
        if (summary.Validations.Count > 0)
        {
            page.Append("<div class=\"panels\">\n");
            Curve(page, "score-curve", $"Validation {measure}", summary, v => v.Score);
            Curve(page, "loss-curve", "Training loss", summary, v => v.Loss);
            page.Append("</div>\n");
            Validations(page, measure, summary);
        }

        Cases(page, summary);
        page.Append("</main>\n</body>\n</html>\n");
        return page.ToString();
    }

    private static void Validations(StringBuilder page, string measure, FinetuneSummary summary)
    {
        string[] outputs = [.. summary.Validations.SelectMany(v => v.ByOutput.Keys).Distinct(StringComparer.Ordinal)];
        page.Append(Inv($"<h2>Validations</h2>\n<div class=\"panel wide\"><table id=\"validations\"><thead><tr><th scope=\"col\" class=\"number\">step</th><th scope=\"col\" class=\"number\">{measure}</th>"));
        page.Append(string.Concat(outputs.Select(o => $"<th scope=\"col\" class=\"number\">{Html.Escape(o)}</th>")));
        page.Append("<th scope=\"col\" class=\"number\">loss</th></tr></thead><tbody>\n");
        foreach (var point in summary.Validations)
        {
            page.Append(Inv($"<tr><td class=\"number\">{point.Step}{(point.Step == summary.BestStep ? " ★" : "")}</td><td class=\"number\">{point.Score:F4}</td>"));
            page.Append(string.Concat(outputs.Select(o => $"<td class=\"number\">{(point.ByOutput.TryGetValue(o, out var value) ? value.ToString("F4", CultureInfo.InvariantCulture) : "")}</td>")));
            page.Append(Inv($"<td class=\"number\">{point.Loss:F4}</td></tr>\n"));
        }

        page.Append("</tbody></table></div>\n");
    }

    private static void Cases(StringBuilder page, FinetuneSummary summary)
    {
        page.Append("<h2>Cases</h2>\n<div class=\"panel wide\"><table id=\"split\"><thead><tr><th scope=\"col\">side</th><th scope=\"col\">cases</th></tr></thead><tbody>\n");
        foreach (var (side, cases) in summary.Split.OrderByDescending(s => s.Key, StringComparer.Ordinal))
        {
            page.Append($"<tr><td>{side}</td><td class=\"path\">{Html.Escape(cases.Count == 0 ? "none" : string.Join(", ", cases))}</td></tr>\n");
        }

        page.Append("</tbody></table></div>\n");
        if (summary.Unused.Count > 0)
        {
            page.Append("<h2>Left out</h2>\n<ul class=\"notes warnings\">\n");
            page.Append(string.Concat(summary.Unused.Select(u => $"<li><b>{Html.Escape(u.Name)}</b> {Html.Escape(u.Error)} {Html.Escape(u.Detail)}</li>\n")));
            page.Append("</ul>\n");
        }
    }

    private static void Tile(StringBuilder page, string id, string value, string label) =>
        page.Append($"<div class=\"tile\" id=\"{id}\"><b>{Html.Escape(value)}</b>{Html.Escape(label)}</div>\n");

    private static void Curve(StringBuilder page, string id, string title, FinetuneSummary summary, Func<FinetuneValidation, double> value)
    {
        var points = summary.Validations.Select(v => (v.Step, Value: value(v))).ToArray();
        var (low, high) = (Math.Min(0, points.Min(p => p.Value)), Math.Max(1e-6, points.Max(p => p.Value) * 1.05));
        double X(double step) => Left + (step / summary.Steps * (Width - Left - Right));
        double Y(double y) => Top + ((high - y) / (high - low) * (Height - Top - Bottom));
        page.Append(Inv($"<figure class=\"panel\" id=\"{id}\"><h4>{title}</h4><svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{title} over the steps\">"));
        for (var tick = 0; tick <= 4; tick++)
        {
            var (at, step) = (low + ((high - low) * tick / 4), summary.Steps * tick / 4.0);
            page.Append(Inv($"<text x=\"{Left - 6}\" y=\"{Y(at) + 4:F1}\" text-anchor=\"end\">{at:F2}</text><text x=\"{X(step):F1}\" y=\"{Height - 8}\" text-anchor=\"{(tick == 4 ? "end" : "middle")}\">{step:F0}</text>"));
        }

        page.Append(Inv($"<line class=\"axis\" x1=\"{Left}\" y1=\"{Y(low):F1}\" x2=\"{Width - Right}\" y2=\"{Y(low):F1}\"/><line class=\"axis\" x1=\"{Left}\" y1=\"{Top}\" x2=\"{Left}\" y2=\"{Y(low):F1}\"/>"));
        page.Append(Inv($"<polyline fill=\"none\" stroke=\"var(--accent)\" stroke-width=\"2\" points=\"{string.Join(' ', points.Select(p => Inv($"{X(p.Step):F1},{Y(p.Value):F1}")))}\"/>"));
        foreach (var (step, y) in points)
        {
            page.Append(Inv($"<circle cx=\"{X(step):F1}\" cy=\"{Y(y):F1}\" r=\"3\" fill=\"var(--accent)\"><title>step {step}: {y:F4}</title></circle>"));
        }

        page.Append("</svg></figure>\n");
    }

    private static string Inv(FormattableString text) => FormattableString.Invariant(text);
}
