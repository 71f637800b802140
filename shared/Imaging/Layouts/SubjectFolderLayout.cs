using BrainMVP.Federated.Imaging.Layouts.Naming;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>
/// A folder per subject with free names in it. Examinations are told apart by folders (ses-01, 2019-04-30), by words in
/// the names (study1_FLAIR), or by sister folders that each hold several modalities.
/// </summary>
internal sealed class SubjectFolderLayout : ILayout
{
    private static readonly Dictionary<string, ModalityProposal> FolderWords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["mask"] = ModalityProposal.Ignored(LabelNames.MaskReason), ["masks"] = ModalityProposal.Ignored(LabelNames.MaskReason), ["fmap"] = ModalityProposal.Ignored("field map"),
        ["func"] = ModalityProposal.Ignored("functional MRI"), ["perf"] = ModalityProposal.Ignored("perfusion"),
    };

    public string? Recognise(DatasetFolder folder) => folder.Images.Any(f => f.Contains('/', StringComparison.Ordinal)) ? "a folder per subject" : null;

    public IEnumerable<LayoutSeries> Read(DatasetFolder folder) => folder.Images.Where(f => f.Contains('/', StringComparison.Ordinal))
        .GroupBy(f => f[..f.IndexOf('/', StringComparison.Ordinal)], StringComparer.Ordinal)
        .SelectMany(subject => WithSisterFolders([.. subject.Select(f => Read(folder, subject.Key, f))]));

    private static (LayoutSeries Series, string Folder) Read(DatasetFolder folder, string subject, string image)
    {
        var stem = DatasetFolder.ImageStem(image)!;
        var own = stem.StartsWith(subject, StringComparison.OrdinalIgnoreCase) && stem.Length > subject.Length && !char.IsAsciiLetterOrDigit(stem[subject.Length]) ? stem[subject.Length..].TrimStart('_', '-', ' ', '.') : stem;
        var name = FreeName.Parse(own);
        var folders = DatasetFolder.FoldersOf(image)[1..];
        var session = Array.Find(folders, SessionNames.IsSession) ?? folders.Select(f => SessionNames.Take(f).Session).FirstOrDefault(s => s.Length > 0) ?? name.Session;
        var proposal = name.Proposal;
        foreach (var inner in folders.Where(f => !SessionNames.IsSession(f)).Reverse())
        {
            proposal = FolderWords.TryGetValue(inner, out var word) ? word : Together(proposal, name.IsSilent, inner);
        }

        var sister = folders.Length > 0 && !SessionNames.IsSession(folders[0]) ? folders[0] : "";
        return (new LayoutSeries(subject, session, folder.Series(image), proposal), sister);
    }

    /// <summary>What file and folder say together: T1/IM0001.nii.gz.</summary>
    private static ModalityProposal Together(ModalityProposal file, bool fileIsSilent, string folder)
    {
        var read = ModalityReader.Read(folder, TextKind.Name).Proposal;
        if (read.Status == SeriesStatus.Ignored)
        {
            return file.Status == SeriesStatus.Accepted ? file.Doubted($"{file.Reason}, but it lies in the folder '{folder}' ({read.Reason})") : file.Status == SeriesStatus.Ignored ? file : read;
        }

        if (read.Modality.Length == 0 || file.Status == SeriesStatus.Ignored || file.Modality == ManifestRow.Segmentation)
        {
            return file;
        }

        if (fileIsSilent)
        {
            return read.Status == SeriesStatus.Accepted ? read with { Reason = $"folder '{folder}': {read.Reason}" } : read;
        }

        return file.Modality == read.Modality || file.Status != SeriesStatus.Accepted ? file : file.Doubted($"the file says {file.Modality}, its folder '{folder}' says {read.Modality}");
    }

    /// <summary>Sister folders that each hold several modalities are examinations, whatever they are called.</summary>
    private static IEnumerable<LayoutSeries> WithSisterFolders(IReadOnlyList<(LayoutSeries Series, string Folder)> series)
    {
        var examinations = series.Where(s => s.Folder.Length > 0 && s.Series.Proposal.Status == SeriesStatus.Accepted && s.Series.Session.Length == 0)
            .GroupBy(s => s.Folder, StringComparer.Ordinal)
            .Where(g => g.Select(s => s.Series.Proposal.Modality).Distinct(StringComparer.Ordinal).Count() > 1)
            .Select(g => g.Key)
            .ToHashSet(StringComparer.Ordinal);
        return series.Select(s => examinations.Count > 1 && s.Series.Session.Length == 0 && examinations.Contains(s.Folder) ? s.Series with { Session = s.Folder } : s.Series);
    }
}
