using System.Globalization;
using System.Net;
using System.Text;

namespace BrainMVP.Federated.Simulation.Report;

/// <summary>One line of a chart.</summary>
public sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>A small line chart as SVG: axes from 0, or from the lowest value where that is negative, points with their values as tooltips, a legend.</summary>
public static class LineChart
{
    private const int Width = 520;
    private const int Height = 300;
    private const int Left = 60;
    private const int Right = 110;
    private const int Top = 34;
    private const int Bottom = 40;
    private static readonly string[] Colours = ["#2a7ae2", "#e8710a", "#188038", "#a142f4", "#d93025", "#129eaf", "#9aa0a6", "#b06000"];

    public static string Draw(string title, string xLabel, IReadOnlyList<Series> series)
    {
        var points = series.SelectMany(s => s.Points).ToArray();
        if (points.Length == 0)
        {
            return "";
        }

        var maximumX = Math.Max(points.Max(p => p.X), 1);
        var (lowest, highest) = (points.Min(p => p.Y), points.Max(p => p.Y));

        // A value that is hardly negative lies a pixel under the axis rather than moving it.
        var minimumY = lowest < -0.02 * Math.Abs(highest) ? lowest : 0;
        var maximumY = highest > minimumY ? minimumY + ((highest - minimumY) * 1.05) : minimumY + 1;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" role=\"img\" aria-label=\"{Encode(title)}\" font-size=\"11\" fill=\"currentColor\">");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"18\" font-size=\"14\" font-weight=\"bold\">{Encode(title)}</text>");
        for (var i = 0; i <= 4; i++)
        {
            var value = minimumY + ((maximumY - minimumY) * i / 4);
            var y = Y(value);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:F1}\" y2=\"{y:F1}\" stroke=\"currentColor\" stroke-opacity=\".15\"/><text x=\"{Left - 6}\" y=\"{y + 4:F1}\" text-anchor=\"end\">{value:G3}</text>");
        }

        var step = Math.Max(1, (int)Math.Ceiling(maximumX / 10));
        for (var x = 0; x <= maximumX; x += step)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(x):F1}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{x}</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{Encode(xLabel)}</text>");
        for (var i = 0; i < series.Count; i++)
        {
            Line(svg, series[i], Colours[i % Colours.Length], Top + (i * 16));
        }

        return svg.Append("</svg>").ToString();

        double X(double x) => Left + (x / maximumX * (Width - Left - Right));

        double Y(double y) => Height - Bottom - ((y - minimumY) / (maximumY - minimumY) * (Height - Top - Bottom));

        void Line(StringBuilder target, Series line, string colour, int legendY)
        {
            var path = string.Join(' ', line.Points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.X):F1},{Y(p.Y):F1}")));
            target.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>");
            foreach (var (x, y) in line.Points)
            {
                target.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(x):F1}\" cy=\"{Y(y):F1}\" r=\"3\" fill=\"{colour}\"><title>{Encode(line.Name)}, {x}: {y:G5}</title></circle>");
            }

            target.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Width - Right + 12}\" y=\"{legendY}\" width=\"10\" height=\"10\" fill=\"{colour}\"/><text x=\"{Width - Right + 27}\" y=\"{legendY + 9}\">{Encode(line.Name)}</text>");
        }
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
