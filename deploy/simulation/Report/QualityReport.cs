using System.Globalization;
using System.Net;
using System.Text;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.V1;

namespace BrainMVP.Federated.Simulation.Report;

/// <summary>The report's part on reconstruction: each modality from its template, and from each other modality.</summary>
internal static class QualityReport
{
    /// <param name="html">Receives the part.</param>
    /// <param name="validation">Models in the order of their rounds.</param>
    public static void Write(StringBuilder html, IReadOnlyList<ModelValidation> validation)
    {
        if (validation.Count == 0 || validation[^1].Views.Count == 0)
        {
            return;
        }

        html.Append("<h2>Reconstruction quality</h2><p>Over all sites, on the same held-out crops and masks in every round: mean squared error over all voxels of volumes scaled to 0..1, peak signal-to-noise ratio (PSNR, higher is better) and structural similarity (SSIM, 1 is equal) as means over the crops.</p>");
        Templates(html, validation);
        Pairs(html, validation[^1]);
    }

    private static void Templates(StringBuilder html, IReadOnlyList<ModelValidation> validation)
    {
        var (first, last) = (validation[0], validation[^1]);
        var targets = last.Views.Where(v => v.Source.Length == 0).Select(v => v.Target).ToArray();
        html.Append(CultureInfo.InvariantCulture, $"<h3>From the template</h3><table><tr><th>modality</th><th>MSE</th><th>PSNR</th><th>SSIM</th><th>crops</th></tr>");
        foreach (var target in targets)
        {
            var (before, after) = (Find(first, target, ""), Find(last, target, "")!);
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(target)}</td><td>{Change(before?.Mse, after.Mse, "F5")}</td><td>{Change(before?.Psnr, after.Psnr, "F2")} dB</td><td>{Change(before?.Ssim, after.Ssim, "F3")}</td><td>{after.Crops}</td></tr>");
        }

        html.Append("</table><div class=\"tiles\">");
        html.Append(LineChart.Draw("PSNR, dB", "round", [.. targets.Select(t => Line(validation, t, v => v.Psnr))]));
        html.Append(LineChart.Draw("SSIM", "round", [.. targets.Select(t => Line(validation, t, v => v.Ssim))]));
        html.Append("</div>");
    }

    private static void Pairs(StringBuilder html, ModelValidation model)
    {
        var pairs = model.Views.Where(v => v.Source.Length > 0).ToArray();
        if (pairs.Length == 0)
        {
            return;
        }

        string[] sources = ["", .. Modalities.All.Where(m => pairs.Any(p => p.Source == m))];
        var (low, high) = (model.Views.Min(v => v.Psnr), model.Views.Max(v => v.Psnr));
        html.Append(CultureInfo.InvariantCulture, $"<h3>From another modality, after round {model.Round}</h3><p>PSNR in dB, below it SSIM and the number of crops. Rows are reconstructed; a column's modality filled the masked voxels. A pair is measured on the first crop of each held-out case that has both, of at most 16 cases a site; the template on all crops.</p>");
        html.Append("<table class=\"matrix\"><tr><th>target</th>").AppendJoin("", sources.Select(s => $"<th>{(s.Length == 0 ? "template" : "from " + Text(s))}</th>")).Append("</tr>");
        foreach (var target in pairs.Select(p => p.Target).Distinct())
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><th>{Text(target)}</th>");
            foreach (var source in sources)
            {
                html.Append(Find(model, target, source) is { } view ? Cell(view, low, high) : "<td></td>");
            }

            html.Append("</tr>");
        }

        html.Append("</table>");
    }

    /// <summary>The better the darker, over the range of all cells.</summary>
    private static string Cell(ViewQuality view, double low, double high)
    {
        var shade = high > low ? 0.05 + (0.45 * (view.Psnr - low) / (high - low)) : 0;
        return string.Create(CultureInfo.InvariantCulture, $"<td style=\"background:rgba(42,122,226,{shade:F2})\">{view.Psnr:F2}<br><small>{view.Ssim:F3}, {view.Crops}</small></td>");
    }

    private static Series Line(IEnumerable<ModelValidation> validation, string target, Func<ViewQuality, double> value) =>
        new(target, [.. validation.Select(v => (v.Round, View: Find(v, target, ""))).Where(v => v.View is not null).Select(v => ((double)v.Round, value(v.View!)))]);

    private static ViewQuality? Find(ModelValidation model, string target, string source) => model.Views.FirstOrDefault(v => v.Target == target && v.Source == source);

    private static string Change(double? before, double after, string format) =>
        (before is { } value ? value.ToString(format, CultureInfo.InvariantCulture) + " → " : "") + $"<b>{after.ToString(format, CultureInfo.InvariantCulture)}</b>";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
