using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>From the series of a scan to the cases to train on.</summary>
internal static class CaseAssembly
{
    /// <exception cref="FederationException">BMF-1101 when no case remains; without <paramref name="requireCase"/> only when none was left out either.</exception>
    public static ScanResult Of(ScanFindings findings, bool requireCase)
    {
        var (cases, skipped) = (new List<ScannedCase>(), new List<SkippedCase>());
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var group in findings.Series.GroupBy(s => (s.FullSubject, s.Session)).OrderBy(g => g.Key.FullSubject, StringComparer.Ordinal).ThenBy(g => g.Key.Session, StringComparer.Ordinal))
        {
            var scanned = new ScannedCase(group.Key.FullSubject, InOrder(group)) { Session = group.Key.Session, Segmentation = Accepted(group).FirstOrDefault(s => s.Modality == ManifestRow.Segmentation)?.File, Class = group.Select(s => s.Class).FirstOrDefault(c => c.Length > 0) ?? "" };
            if (Problem(group, scanned) is { } problem)
            {
                skipped.Add(new SkippedCase(scanned.Name, problem.Error, problem.Detail));
            }
            else if (scanned.Series.Count > 0 && !names.Add(scanned.Name))
            {
                skipped.Add(new SkippedCase(scanned.Name, ErrorCatalogue.ModalityDuplicate, "Another subject and session together have the same name."));
            }
            else if (scanned.Series.Count > 0)
            {
                cases.Add(scanned);
            }
        }

        var ignored = findings.Series.Where(s => s.Status != SeriesStatus.Accepted && s.Proposal.Reason != Naming.LabelNames.MaskReason && !s.NeedsConversion).Select(s => s.File.Path).Distinct(StringComparer.Ordinal).ToArray();
        return cases.Count > 0 || (skipped.Count > 0 && !requireCase)
            ? new ScanResult([.. cases.OrderBy(c => c.Name, StringComparer.Ordinal)], skipped, ignored) { Findings = findings.Series, Datasets = findings.Datasets }
            : throw Nothing(findings, skipped);
    }

    private static IEnumerable<SeriesFinding> Accepted(IEnumerable<SeriesFinding> series) => series.Where(s => s.Status == SeriesStatus.Accepted && !s.NeedsConversion);

    private static OrderedDictionary<string, SeriesFile> InOrder(IEnumerable<SeriesFinding> series)
    {
        var ordered = new OrderedDictionary<string, SeriesFile>(StringComparer.Ordinal);
        foreach (var item in Accepted(series).Where(s => s.Modality != ManifestRow.Segmentation).OrderBy(s => Modalities.IndexOf(s.Modality)))
        {
            ordered.TryAdd(item.Modality, item.File);
        }

        return ordered;
    }

    private static (ErrorCode Error, string Detail)? Problem(IEnumerable<SeriesFinding> series, ScannedCase scanned)
    {
        // What a person left undecided comes first, then what is broken, then what is there twice.
        if (series.Where(s => s.CaseProblem is not null).OrderByDescending(s => s.Error == ErrorCatalogue.SeriesUnconfirmed).FirstOrDefault() is { } broken)
        {
            return (broken.Error!, broken.CaseProblem!);
        }

        if (series.Any(s => s.NeedsConversion))
        {
            return (ErrorCatalogue.SeriesUnconfirmed, "It is DICOM: run `site-agent data scan` on the folder and give the manifest that it writes.");
        }

        if (series.FirstOrDefault(s => s.Error == ErrorCatalogue.ModalityDuplicate) is { } twin)
        {
            return (twin.Error!, $"{twin.Proposal.Reason}.");
        }

        if (scanned.Series.Count > 0)
        {
            return null;
        }

        return series.FirstOrDefault(s => s.Status == SeriesStatus.Uncertain) is { } uncertain
            ? (ErrorCatalogue.SeriesUnconfirmed, $"{Path.GetFileName(uncertain.File.Path)}: {uncertain.Proposal.Reason}.")
            : null;
    }

    private static FederationException Nothing(ScanFindings findings, List<SkippedCase> skipped)
    {
        var dicom = findings.Series.Count(s => s.NeedsConversion);
        var uncertain = findings.Series.Where(s => s.Status == SeriesStatus.Uncertain && s.Error is null && !s.NeedsConversion).ToArray();
        return ErrorCatalogue.NoUsableCase.With(
            dicom > 0 ? FormattableString.Invariant($"{findings.Path} holds {dicom} DICOM series; run `site-agent data scan {findings.Path} --out DIR` and give DIR/manifest.csv.")
            : skipped.Count > 0 && uncertain.Length == 0 ? FormattableString.Invariant($"{findings.Path}: all {skipped.Count} cases were skipped; {skipped[0].Subject}: {skipped[0].Error.Id} {skipped[0].Detail}")
            : $"{findings.Path} holds no image named by subject and modality"
                + (uncertain.Length > 0 ? FormattableString.Invariant($"; {uncertain.Length} images are uncertain, for example {Path.GetFileName(uncertain[0].File.Path)}: {uncertain[0].Proposal.Reason}. `site-agent data scan` writes a manifest to correct") : "") + ".");
    }
}
