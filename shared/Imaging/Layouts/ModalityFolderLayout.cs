using BrainMVP.Federated.Imaging.Layouts.Naming;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>A folder per modality (T1, FLAIR, ...) in which each file is a subject.</summary>
internal sealed class ModalityFolderLayout : ILayout
{
    private const double LeastShare = 0.9;

    public string? Recognise(DatasetFolder folder)
    {
        var modalities = folder.Folders.Where(f => Modality(f) is not null).ToArray();
        var inside = folder.Images.Count(f => f.Count(c => c == '/') == 1 && modalities.Contains(f.Split('/')[0], StringComparer.Ordinal));
        return modalities.Length > 1 && inside >= LeastShare * folder.Images.Count ? $"a folder per modality ({string.Join(", ", modalities)})" : null;
    }

    public IEnumerable<LayoutSeries> Read(DatasetFolder folder)
    {
        foreach (var image in folder.Images)
        {
            var stem = DatasetFolder.ImageStem(image)!;
            var name = FreeName.Parse(stem);
            var top = image.Split('/')[0];
            var subject = name.Subject.Length > 0 ? name.Subject : folder.FolderName;
            yield return new LayoutSeries(subject, name.Session, folder.Series(image), Modality(top) is { } modality ? Together(name, modality, top) : name.Proposal);
        }
    }

    private static ModalityProposal Together(FreeName name, string modality, string folder) =>
        name.IsSilent ? ModalityProposal.Certain(modality, $"in the folder '{folder}'")
        : name.Proposal.Modality == modality || name.Proposal.Status != SeriesStatus.Accepted || name.Proposal.Modality == ManifestRow.Segmentation ? name.Proposal
        : name.Proposal.Doubted($"the file says {name.Proposal.Modality}, its folder '{folder}' says {modality}");

    /// <summary>The modality that a folder's whole name is.</summary>
    private static string? Modality(string folder)
    {
        var words = Words.Of(folder);
        return ModalityReader.Read(words, TextKind.Name).Proposal is { Status: SeriesStatus.Accepted } read && words.All(w => w.Meaning.Kind != WordKind.Unknown) && !folder.Any(char.IsWhiteSpace)
            ? read.Modality : null;
    }
}
