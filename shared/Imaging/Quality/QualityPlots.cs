using System.Globalization;
using System.Text;
using BrainMVP.Federated.Imaging.Pages;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>A dot of a strip.</summary>
/// <param name="Value">Where on the axis.</param>
/// <param name="Bad">Drawn as a hollow diamond instead of a disc.</param>
/// <param name="Label">Plain text, shown when a pointer rests on the dot.</param>
internal readonly record struct PlotDot(double Value, bool Bad, string Label);

/// <summary>Dot strips as inline SVG: every pair of series one dot, dots of nearly equal value stacked.</summary>
internal static class QualityPlots
{
    private const int Width = 400;
    private const int Margin = 14;
    private const int Columns = 56;
    private const double Radius = 3.2;
    private const double TallestStack = 92;
    private static readonly int[] Steps = [1, 2, 5, 10];

    /// <param name="title">For people who cannot see it, and as the heading.</param>
    /// <param name="low">Left end; smaller values are drawn there.</param>
    /// <param name="high">Right end; larger values are drawn there.</param>
    /// <param name="lines">Thresholds with their labels.</param>
    public static string Strip(string title, double low, double high, IReadOnlyList<(double Value, string Label)> lines, IReadOnlyList<PlotDot> dots)
    {
        var stacks = new int[Columns];
        var columns = dots.Select(d => (Dot: d, Column: Math.Clamp((int)((d.Value - low) / (high - low) * Columns), 0, Columns - 1))).ToArray();
        var tallest = columns.Length == 0 ? 1 : columns.GroupBy(c => c.Column).Max(g => g.Count());
        var step = Math.Min(2 * Radius, TallestStack / tallest);
        var floor = 24 + Math.Max(18, tallest * step) + Radius;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {floor + 24:F0}\" role=\"img\" aria-label=\"{Html.Escape(title)}\">");
        foreach (var (value, label) in lines)
        {
            var x = X(value);
            var atEnd = x > Width * 0.75;
            text.Append(CultureInfo.InvariantCulture, $"<line class=\"limit\" x1=\"{x:F1}\" x2=\"{x:F1}\" y1=\"6\" y2=\"{floor:F1}\"/>");
            text.Append(CultureInfo.InvariantCulture, $"<text class=\"limit\" x=\"{(atEnd ? x - 5 : x + 5):F1}\" y=\"15\" text-anchor=\"{(atEnd ? "end" : "start")}\">{Html.Escape(label)}</text>");
        }

        text.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{Margin}\" x2=\"{Width - Margin}\" y1=\"{floor:F1}\" y2=\"{floor:F1}\"/>");
        foreach (var tick in Ticks(low, high))
        {
            text.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{X(tick):F1}\" x2=\"{X(tick):F1}\" y1=\"{floor:F1}\" y2=\"{floor + 4:F1}\"/>");
            text.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{X(tick):F1}\" y=\"{floor + 17:F1}\" text-anchor=\"middle\">{tick:0.##}</text>");
        }

        foreach (var (dot, column) in columns.OrderBy(c => c.Dot.Bad))
        {
            var (x, y) = (X(dot.Value), floor - 2 - Radius - (stacks[column]++ * step));
            text.Append(dot.Bad
                ? string.Create(CultureInfo.InvariantCulture, $"<path class=\"bad\" d=\"M{x:F1} {y - 4.2:F1}l4.2 4.2-4.2 4.2-4.2-4.2z\">")
                : string.Create(CultureInfo.InvariantCulture, $"<circle class=\"good\" cx=\"{x:F1}\" cy=\"{y:F1}\" r=\"{Radius}\">"));
            text.Append("<title>").Append(Html.Escape(dot.Label)).Append("</title>").Append(dot.Bad ? "</path>" : "</circle>");
        }

        return text.Append("</svg>").ToString();

        double X(double value) => Margin + (Math.Clamp((value - low) / (high - low), 0, 1) * (Width - (2 * Margin)));
    }

    /// <summary>Round values inside a range, at most seven.</summary>
    private static IEnumerable<double> Ticks(double low, double high)
    {
        var rough = (high - low) / 6;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = Steps.Select(n => n * power).First(s => s >= rough - 1e-9);
        for (var n = (int)Math.Ceiling((low / step) - 1e-9); n * step <= high + 1e-9; n++)
        {
            yield return n * step;
        }
    }
}
