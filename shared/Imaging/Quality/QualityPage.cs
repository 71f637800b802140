using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.Pages;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>
/// The report as one page that needs nothing else: style, pictures and plots are inside, and nothing is loaded. Equal
/// reports give equal bytes.
/// </summary>
public static class QualityPage
{
    /// <summary>Writes the page.</summary>
    /// <param name="title">Name of the data set, for example its folder.</param>
    /// <param name="inspected">In the order of the report's cases.</param>
    public static void Write(TextWriter to, string title, QualityReport report, IReadOnlyList<InspectedCase> inspected)
    {
        to.NewLine = "\n";
        var ids = Ids(inspected);
        var order = inspected.OrderBy(c => c.Quality.Usable).ToArray();
        to.WriteLine("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
        to.WriteLine("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">");
        to.WriteLine($"<title>Quality of {Html.Escape(title)}</title>\n<style>\n{PageStyle.Css}\n</style>\n</head>\n<body>\n<main>");
        Head(to, title, report);
        Plots(to, report);
        Overview(to, order, ids);
        to.WriteLine("<h2 id=\"cases-heading\">Cases</h2>\n<div id=\"cases\">");
        foreach (var item in order)
        {
            QualityPageCase.Write(to, ids[item.Quality], item);
        }

        to.WriteLine("</div>");
        Foot(to, report.Summary);
        to.WriteLine($"</main>\n<script>\n{QualityPageScript.Script}\n</script>\n</body>\n</html>");
    }

    /// <summary>Ids of the cases' sections, unique in the page.</summary>
    private static Dictionary<CaseQuality, string> Ids(IReadOnlyList<InspectedCase> inspected)
    {
        var (ids, taken) = (new Dictionary<CaseQuality, string>(ReferenceEqualityComparer.Instance), new HashSet<string>(StringComparer.Ordinal));
        foreach (var item in inspected)
        {
            var id = $"case-{Html.Slug(item.Quality.Name)}";
            for (var n = 2; !taken.Add(id); n++)
            {
                id = $"case-{Html.Slug(item.Quality.Name)}-{n}";
            }

            ids[item.Quality] = id;
        }

        return ids;
    }

    private static void Head(TextWriter to, string title, QualityReport report)
    {
        var s = report.Summary;
        var warned = report.Cases.Count(c => c.Usable && c.Warnings.Count > 0);
        to.WriteLine($"<h1>Quality of {Html.Escape(title)}</h1>");
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"<p class=\"soft\">Judged as training would: {s.SpacingMm:0.##} mm voxels, canvas {string.Join(" × ", s.Canvas)}, least overlap {s.MinimumOverlap:0.##}. This page holds images of people; it stays on this site.</p>"));
        to.WriteLine("<div class=\"tiles\" id=\"summary\">");
        Tile(to, "usable", s.Usable, "usable", "good");
        Tile(to, "excluded", s.Cases - s.Usable, "excluded", s.Cases > s.Usable ? "bad" : "");
        Tile(to, "warned", warned, "usable with warnings", warned > 0 ? "warn" : "");
        foreach (var modality in Modalities.All.Where(s.UsableByModality.ContainsKey))
        {
            Tile(to, $"modality-{modality}", s.UsableByModality[modality], $"usable with {modality.ToUpperInvariant()}", "");
        }

        to.WriteLine("</div>");
        if (s.ExcludedByReason.Count > 0)
        {
            to.WriteLine("<h2>Why cases are excluded</h2>\n<div class=\"panel wide\"><table id=\"reasons\"><thead><tr><th scope=\"col\">error</th><th scope=\"col\">what happened</th><th scope=\"col\">what to do</th><th scope=\"col\" class=\"number\">cases</th></tr></thead><tbody>");
            foreach (var (code, count) in s.ExcludedByReason.OrderByDescending(r => r.Value).ThenBy(r => r.Key, StringComparer.Ordinal))
            {
                var entry = ErrorCatalogue.Find(code);
                to.WriteLine($"<tr><td>{Html.Escape(code)}</td><td class=\"path\">{Html.Escape(entry?.Title ?? "")}</td><td class=\"path\">{Html.Escape(entry?.Remedy ?? "")}</td><td class=\"number\">{count}</td></tr>");
            }

            to.WriteLine("</tbody></table></div>");
        }

        if (s.IgnoredFiles > 0)
        {
            to.WriteLine($"<p class=\"soft\">{s.IgnoredFiles} images were not used because their names say no known modality.</p>");
        }
    }

    private static void Tile(TextWriter to, string id, int count, string label, string kind) =>
        to.WriteLine($"<div class=\"tile {kind}\" id=\"count-{id}\"><b>{count}</b> {label}</div>");

    private static void Plots(TextWriter to, QualityReport report)
    {
        var pairs = report.Cases.SelectMany(c => c.Alignment.Select(a => (Case: c, Pair: a))).ToArray();
        if (pairs.Length == 0)
        {
            return;
        }

        IReadOnlyList<PlotDot> Dots(Func<AlignmentMeasures, double> value) =>
        [
            .. pairs.Select(p => new PlotDot(value(p.Pair), !p.Pair.Aligned, string.Create(CultureInfo.InvariantCulture, $"{p.Case.Name} {p.Pair.Modality}: {value(p.Pair):0.###}"))),
        ];

        var bad = pairs.Count(p => !p.Pair.Aligned);
        var lowest = Math.Min(0.9, Math.Max(0, Math.Floor(pairs.Min(p => p.Pair.Dice) * 20) / 20));
        var farthest = Math.Max(12, Math.Ceiling(pairs.Max(p => p.Pair.DisplacementMm) / 4) * 4);
        var highest = Math.Max(1.1, Math.Ceiling(pairs.Max(p => p.Pair.Nmi) * 20) / 20);
        var limit = report.Summary.MinimumOverlap;
        to.WriteLine($"<h2>How series lie on their reference</h2>\n<p class=\"soft\">{pairs.Length} pairs; {bad} of them, drawn as diamonds, count as misaligned.</p>\n<div class=\"panels\" id=\"plots\">");
        Panel(to, "Overlap of the foregrounds (Dice)", QualityPlots.Strip(
            $"Dice of {pairs.Length} pairs, {bad} of them misaligned", lowest, 1, limit > lowest ? [(limit, string.Create(CultureInfo.InvariantCulture, $"least {limit:0.##}"))] : [], Dots(a => a.Dice)));
        Panel(to, "Distance to the best position, mm", QualityPlots.Strip(
            $"Distance of {pairs.Length} pairs to the position that mutual information prefers", 0, farthest,
            [(Alignment.GreatestDisplacementMm, $"most {Alignment.GreatestDisplacementMm:0.#} mm")], Dots(a => a.DisplacementMm)));
        Panel(to, "Normalised mutual information", QualityPlots.Strip(
            $"Normalised mutual information of {pairs.Length} pairs; it depends on the pair of modalities and has no limit of its own", 1, highest, [], Dots(a => a.Nmi)));
        to.WriteLine("</div>");
    }

    private static void Panel(TextWriter to, string heading, string plot) => to.WriteLine($"<div class=\"panel\"><h4>{heading}</h4>{plot}</div>");

    private static void Overview(TextWriter to, IReadOnlyList<InspectedCase> order, Dictionary<CaseQuality, string> ids)
    {
        to.WriteLine("<h2>Overview</h2>");
        to.WriteLine("<div class=\"tools\"><label>Name contains<input id=\"find\" type=\"search\" autocomplete=\"off\"></label>"
            + "<label>Show<select id=\"show\"><option value=\"all\">all cases</option><option value=\"excluded\">excluded</option><option value=\"warned\">with warnings</option><option value=\"usable\">usable</option></select></label>"
            + "<label>Order<select id=\"order\"><option value=\"given\">excluded first</option><option value=\"name\">name</option><option value=\"dice\">lowest overlap first</option><option value=\"shift\">largest distance first</option><option value=\"nmi\">lowest mutual information first</option></select></label>"
            + "<span id=\"count\" class=\"soft\" role=\"status\"></span></div>");
        to.WriteLine("<div class=\"panel wide\"><table class=\"overview\" id=\"overview\"><thead><tr><th scope=\"col\">case</th><th scope=\"col\">result</th><th scope=\"col\">modalities</th><th scope=\"col\" class=\"number\">Dice</th><th scope=\"col\" class=\"number\">distance mm</th><th scope=\"col\" class=\"number\">NMI</th><th scope=\"col\" class=\"number\">warnings</th></tr></thead><tbody>");
        foreach (var c in order.Select(o => o.Quality))
        {
            var id = ids[c];
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"<tr data-case=\"{id}\"><td class=\"path\"><a href=\"#{id}\">{Html.Escape(c.Name)}</a></td><td>{QualityPageCase.Badge(c)}</td><td class=\"path\">{string.Join(" ", c.Modalities.Keys)}</td>{Number(c, a => a.Dice, Enumerable.Min, "F3")}{Number(c, a => a.DisplacementMm, Enumerable.Max, "F1")}{Number(c, a => a.Nmi, Enumerable.Min, "F3")}<td class=\"number\">{c.Warnings.Count}</td></tr>"));
        }

        to.WriteLine("</tbody></table></div>");

        static string Number(CaseQuality c, Func<AlignmentMeasures, double> value, Func<IEnumerable<double>, double> worst, string format) =>
            $"<td class=\"number\">{(c.Alignment.Count == 0 ? "–" : worst(c.Alignment.Select(value)).ToString(format, CultureInfo.InvariantCulture))}</td>";
    }

    private static void Foot(TextWriter to, QualitySummary s) => to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
        <footer>
        <h2>How alignment is judged</h2>
        <p>Series on other grids are first resampled by their headers onto the reference (T1, else the first); nothing is registered. Then a rigid search on 4 mm block means asks where normalised mutual information would be greatest. A series is misaligned when that place is {Alignment.GreatestDisplacementMm:0.#} mm or more away (mean over the foreground) and the information above 1 grows by {Alignment.LeastGain * 100:0} % or more there. Otherwise it is aligned when both foregrounds overlap by a Dice of {s.MinimumOverlap:0.##}, or, where air, fat or a mask makes them differ, when the information confirms the position: best place less than {Alignment.ConfirmingDisplacementMm:0} mm away and {Alignment.LeastSharpness:0.##} times as much information here as 8 mm aside.</p>
        <p>Slices pass through the centre of the reference's foreground: axial, coronal, sagittal; the patient's right is on the left. The amber line is the outline of the reference's foreground. Greys run from the 0.5th to the 99.5th percentile of the voxels that are not 0.</p>
        </footer>
        """));
}
