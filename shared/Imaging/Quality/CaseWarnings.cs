using System.Globalization;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>What does not exclude a case but should be known before training on it.</summary>
internal static class CaseWarnings
{
    private const double LeastContrast = 0.1;
    private const double SlightMm = 3;
    private const double SlightGain = 0.1;

    public static IReadOnlyList<QualityWarning> Of(
        IReadOnlyDictionary<string, ModalityMeasures> measures, IReadOnlyList<Alignment> alignments, ImagingPlan plan, CanvasFit? fit)
    {
        var warnings = new List<QualityWarning>();
        void Warn(string code, string text) => warnings.Add(new QualityWarning(code, text));

        var whole = Where(measures, m => m.SkullStripped == false);
        var stripped = Where(measures, m => m.SkullStripped == true);
        if (whole.Count > 0)
        {
            Warn("not stripped", stripped.Count > 0
                ? $"{List(whole)}: not skull-stripped, although {List(stripped)} {Is(stripped)}. Strip all series of a case with one mask."
                : $"{List(whole)}: not skull-stripped. BrainMVP was designed for brains alone.");
        }

        foreach (var a in alignments.Where(a => a.IsAligned(plan.MinimumOverlap)))
        {
            if (a.Dice < plan.MinimumOverlap)
            {
                Warn("foregrounds differ", Text($"{a.Modality}: its foreground overlaps that of {a.Reference} by a Dice of only {a.Dice:F3}, but their mutual information confirms the position."));
            }

            if (a.Offset.DisplacementMm >= SlightMm && a.Offset.Gain >= SlightGain)
            {
                Warn("slightly off", $"{a.Modality}: may lie {a.Offset.Describe()} from where it fits {a.Reference} best; look at the picture.");
            }
        }

        foreach (var a in alignments.Where(a => a.Resampled))
        {
            Warn("resampled", $"{a.Modality}: on another grid than {a.Reference}; resampled by its header.");
        }

        if (fit is not null && fit.Beyond.Any(b => b > 0))
        {
            Warn("beyond canvas", Text($"The foreground of {string.Join('x', fit.Shape)} voxels sticks out of the template canvas of {string.Join('x', plan.Canvas)} by {string.Join(", ", fit.Beyond)} voxels along R, A, S; what lies outside meets no template."));
        }

        foreach (var (modality, m) in measures)
        {
            foreach (var warning in m.Warnings)
            {
                Warn("header", $"{modality}: {warning}.");
            }

            if (m.Contrast is { } contrast and < LeastContrast)
            {
                Warn("low contrast", Text($"{modality}: low contrast inside the foreground ({contrast:F2})."));
            }
        }

        if (measures.Count == 1)
        {
            Warn("one modality", "Only one modality: the case takes part in the template view but not in the cross-modal view.");
        }

        return warnings;
    }

    private static List<string> Where(IReadOnlyDictionary<string, ModalityMeasures> measures, Func<ModalityMeasures, bool> condition) =>
        [.. measures.Where(m => condition(m.Value)).Select(m => m.Key)];

    private static string List(List<string> names) => string.Join(", ", names);

    private static string Is(List<string> names) => names.Count == 1 ? "is" : "are";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
