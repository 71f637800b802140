using System.Globalization;
using BrainMVP.Federated.Imaging.Pages;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>One case of the page: verdict, reasons, warnings, montage and, folded away, all measures.</summary>
internal static class QualityPageCase
{
    public static string Badge(CaseQuality c) => c.Usable
        ? c.Warnings.Count > 0 ? "<span class=\"badge warn\">usable, warnings</span>" : "<span class=\"badge good\">usable</span>"
        : $"<span class=\"badge bad\">excluded {Html.Escape(c.Reasons[0].Code)}</span>";

    public static void Write(TextWriter to, string id, InspectedCase item)
    {
        var c = item.Quality;
        to.WriteLine($"<section class=\"case\" id=\"{id}\" aria-labelledby=\"{id}-name\" data-name=\"{Html.Escape(c.Name)}\" data-usable=\"{(c.Usable ? "true" : "false")}\" data-warnings=\"{c.Warnings.Count}\"{Data(c)}>");
        to.WriteLine($"<header><h3 id=\"{id}-name\">{Html.Escape(c.Name)}</h3>{Badge(c)}<span class=\"soft\">{Size(c)}</span></header>");
        if (c.Reasons.Count > 0)
        {
            to.WriteLine("<ul class=\"notes reasons\">");
            foreach (var reason in c.Reasons)
            {
                to.WriteLine($"<li><b>{Html.Escape(reason.Code)}</b> {Html.Escape(reason.Text)} <span class=\"soft\">What to do: {Html.Escape(reason.Remedy)}</span></li>");
            }

            to.WriteLine("</ul>");
        }

        if (c.Warnings.Count > 0)
        {
            to.WriteLine("<ul class=\"notes warnings\">");
            foreach (var warning in c.Warnings)
            {
                to.WriteLine($"<li><b>{Html.Escape(warning.Code)}</b> {Html.Escape(warning.Text)}</li>");
            }

            to.WriteLine("</ul>");
        }

        Montage(to, c, item.Pictures);
        if (c.Modalities.Count > 0)
        {
            to.WriteLine("<details><summary>Measures</summary>");
            Series(to, c);
            Pairs(to, c);
            to.WriteLine("</details>");
        }

        to.WriteLine("</section>");
    }

    private static string Data(CaseQuality c) => c.Alignment.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
        $" data-dice=\"{c.Alignment.Min(a => a.Dice)}\" data-shift=\"{c.Alignment.Max(a => a.DisplacementMm)}\" data-nmi=\"{c.Alignment.Min(a => a.Nmi)}\"");

    private static string Size(CaseQuality c) => c.Canvas is { } fit
        ? $"prepared {string.Join(" × ", fit.Shape)}, {(fit.Beyond.All(b => b == 0) ? "fits the canvas" : $"beyond the canvas by {string.Join(", ", fit.Beyond)}")}"
        : string.Join(" ", c.Modalities.Keys);

    private static void Montage(TextWriter to, CaseQuality c, IReadOnlyList<SeriesPicture> pictures)
    {
        if (pictures.Count == 0)
        {
            return;
        }

        to.WriteLine("<div class=\"montage\">");
        foreach (var picture in pictures)
        {
            var pair = c.Alignment.FirstOrDefault(a => a.Modality == picture.Modality);
            var caption = pair is null ? (c.Alignment.Count > 0 ? "reference" : "")
                : string.Create(CultureInfo.InvariantCulture, $"Dice {pair.Dice:F3} · {pair.DisplacementMm:F1} mm from its best place · NMI {pair.Nmi:F3}");
            var alt = $"{picture.Modality.ToUpperInvariant()} of {c.Name}: axial, coronal and sagittal slice{(pair is null ? "" : $" with the outline of {pair.Reference.ToUpperInvariant()}")}";
            to.WriteLine($"<figure><img src=\"data:image/png;base64,{Convert.ToBase64String(picture.Png)}\" width=\"{picture.Width}\" height=\"{picture.Height}\" alt=\"{Html.Escape(alt)}\"><figcaption><b>{picture.Modality.ToUpperInvariant()}</b> {caption}</figcaption></figure>");
        }

        to.WriteLine("</div>");
    }

    private static void Series(TextWriter to, CaseQuality c)
    {
        to.WriteLine("<div class=\"wide\" tabindex=\"0\"><table><caption class=\"soft\">Series as they are in their files</caption><thead><tr><th scope=\"col\">series</th><th scope=\"col\">file</th><th scope=\"col\">voxels</th><th scope=\"col\">size mm</th><th scope=\"col\">axes</th><th scope=\"col\">type</th><th scope=\"col\">grid</th><th scope=\"col\" class=\"number\">minimum</th><th scope=\"col\" class=\"number\">p1</th><th scope=\"col\" class=\"number\">p99</th><th scope=\"col\" class=\"number\">maximum</th><th scope=\"col\" class=\"number\">NaN/∞</th><th scope=\"col\" class=\"number\">not 0</th><th scope=\"col\">stripped</th></tr></thead><tbody>");
        foreach (var (modality, m) in c.Modalities)
        {
            var file = m.Volume is { } n ? $"{m.File}#{n}" : m.File;
            to.WriteLine($"<tr><th scope=\"row\">{modality}</th><td class=\"path\">{Html.Escape(file)}</td><td>{Join(m.Shape?.Select(s => (double)s), "×")}</td><td>{Join(m.SpacingMm, "×")}</td><td>{m.Orientation ?? "–"}</td><td>{m.VoxelType ?? "–"}</td><td>{m.Grid ?? "–"}</td>{Cell(m.Minimum)}{Cell(m.Percentile1)}{Cell(m.Percentile99)}{Cell(m.Maximum)}{Cell(m.NotFinite)}<td class=\"number\">{(m.NonZero is { } part ? string.Create(CultureInfo.InvariantCulture, $"{part * 100:F1} %") : "–")}</td><td>{(m.SkullStripped is { } yes ? yes ? "yes" : "no" : "–")}</td></tr>");
        }

        to.WriteLine("</tbody></table></div>");
    }

    private static void Pairs(TextWriter to, CaseQuality c)
    {
        if (c.Alignment.Count == 0)
        {
            return;
        }

        to.WriteLine($"<div class=\"wide\" tabindex=\"0\"><table><caption class=\"soft\">Against {Html.Escape(c.Reference)}</caption><thead><tr><th scope=\"col\">series</th><th scope=\"col\" class=\"number\">Dice</th><th scope=\"col\" class=\"number\">NMI</th><th scope=\"col\" class=\"number\">NMI at 4 mm</th><th scope=\"col\" class=\"number\">at its best place</th><th scope=\"col\" class=\"number\">gain</th><th scope=\"col\" class=\"number\">distance mm</th><th scope=\"col\">R, A, S mm</th><th scope=\"col\" class=\"number\">turned °</th><th scope=\"col\" class=\"number\">sharpness</th><th scope=\"col\">verdict</th></tr></thead><tbody>");
        foreach (var a in c.Alignment)
        {
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{a.Modality}</th><td class=\"number\">{a.Dice:F3}</td><td class=\"number\">{a.Nmi:F4}</td><td class=\"number\">{a.CoarseNmi:F4}</td><td class=\"number\">{a.CoarseNmiBest:F4}</td><td class=\"number\">{a.Gain * 100:F0} %</td><td class=\"number\">{a.DisplacementMm:F1}</td><td>{string.Join(", ", a.OffsetMm.Select(o => o.ToString("F0", CultureInfo.InvariantCulture)))}</td><td class=\"number\">{a.RotationDegrees:F0}</td><td class=\"number\">{a.Sharpness:F2}</td><td>{(a.Aligned ? "aligned" : "misaligned")}</td></tr>"));
        }

        to.WriteLine("</tbody></table></div>");
    }

    private static string Join(IEnumerable<double>? values, string between) =>
        values is null ? "–" : string.Join(between, values.Select(v => v.ToString("G4", CultureInfo.InvariantCulture)));

    private static string Cell(double? value) => $"<td class=\"number\">{(value is { } v ? v.ToString("G5", CultureInfo.InvariantCulture) : "–")}</td>";
}
