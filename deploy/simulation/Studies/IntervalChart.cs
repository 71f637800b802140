using System.Globalization;
using System.Text;
using BrainMVP.Federated.Imaging.Pages;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>For each site a row of methods: estimates as points, intervals as bars.</summary>
internal static class IntervalChart
{
    private const int Width = 520;
    private const int Left = 170;
    private const int Right = 20;
    private const int Row = 22;

    public static void Draw(StringBuilder html, StudyResults results, Func<MethodResult, Range95> value)
    {
        var all = results.Results.Select(value).ToArray();
        var (low, high) = (Math.Floor(all.Min(a => a.Lower) * 10) / 10, Math.Ceiling(all.Max(a => a.Upper) * 10) / 10);
        high = high > low ? high : low + 0.1;
        html.Append("<div class=\"panels\">");
        foreach (var site in results.Sites)
        {
            var height = (results.Methods.Count * Row) + 54;
            html.Append(CultureInfo.InvariantCulture, $"<div class=\"panel\"><svg viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"{Html.Escape(site)}\"><text x=\"0\" y=\"16\" font-weight=\"bold\">{Html.Escape(site)}</text>");
            for (var tick = 0; tick <= 4; tick++)
            {
                var at = low + ((high - low) * tick / 4);
                html.Append(CultureInfo.InvariantCulture, $"<line x1=\"{X(at):F1}\" x2=\"{X(at):F1}\" y1=\"26\" y2=\"{height - 22}\" class=\"axis\" stroke-opacity=\".25\"/><text x=\"{X(at):F1}\" y=\"{height - 6}\" text-anchor=\"middle\">{at:0.00}</text>");
            }

            foreach (var (index, method) in results.Methods.Index())
            {
                var range = value(results.Results.Single(r => r.Method == method && r.Site == site));
                var y = 40 + (index * Row);
                html.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 10}\" y=\"{y + 4}\" text-anchor=\"end\">{Html.Escape(method)}</text><line x1=\"{X(range.Lower):F1}\" x2=\"{X(range.Upper):F1}\" y1=\"{y}\" y2=\"{y}\" class=\"axis\" stroke-width=\"3\"/><circle cx=\"{X(range.Estimate):F1}\" cy=\"{y}\" r=\"5\" class=\"good\"><title>{Html.Escape(method)}: {StudyText.Text(range, "0.000")}</title></circle>");
            }

            html.Append("</svg></div>");
        }

        html.Append("</div>");

        double X(double at) => Left + ((at - low) / (high - low) * (Width - Left - Right));
    }
}
