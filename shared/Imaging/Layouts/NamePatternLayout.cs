using System.Text.RegularExpressions;
using BrainMVP.Federated.Imaging.Layouts.Naming;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>A public data set whose files all follow one naming scheme, in whatever folders they lie.</summary>
internal abstract class NamePatternLayout : ILayout
{
    /// <summary>A few other files are often lying about; more than these and it is something else.</summary>
    private const double LeastShare = 0.9;

    /// <summary>Matches the stem of a file name.</summary>
    protected abstract Regex Pattern { get; }

    protected abstract string Description { get; }

    protected abstract LayoutSeries Read(Match match, SeriesFile file);

    public string? Recognise(DatasetFolder folder)
    {
        var matching = folder.Images.Count(f => Pattern.IsMatch(DatasetFolder.ImageStem(f)!));
        return matching > 0 && matching >= LeastShare * folder.Images.Count ? $"{Description} ({matching} of {folder.Images.Count} names follow its scheme)" : null;
    }

    public IEnumerable<LayoutSeries> Read(DatasetFolder folder)
    {
        foreach (var image in folder.Images)
        {
            var stem = DatasetFolder.ImageStem(image)!;
            if (Pattern.Match(stem) is { Success: true } match)
            {
                yield return Read(match, folder.Series(image));
                continue;
            }

            var name = FreeName.Parse(stem);
            var proposal = name.Proposal.Status == SeriesStatus.Ignored ? name.Proposal : name.Proposal.Doubted("its name does not follow the scheme of the data set");
            yield return new LayoutSeries(name.Subject.Length > 0 ? name.Subject : stem, name.Session, folder.Series(image), proposal);
        }
    }

    /// <summary>Certain, ignored, or unknown, by the word that the scheme puts in the modality's place.</summary>
    protected static ModalityProposal ByTable(string word, string scheme, IReadOnlyDictionary<string, string> modalities, IReadOnlyDictionary<string, string> ignored) =>
        modalities.TryGetValue(word, out var modality) ? ModalityProposal.Certain(modality, $"'{word}' in the scheme of {scheme}")
        : ignored.TryGetValue(word, out var why) ? ModalityProposal.Ignored(why)
        : ModalityProposal.Uncertain("", $"'{word}' is not a known series of {scheme}");
}
