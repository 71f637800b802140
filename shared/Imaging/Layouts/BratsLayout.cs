using System.Text.RegularExpressions;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>
/// BraTS: until 2021 BraTS2021_00000_t1ce and the like, from 2023 BraTS-GLI-00001-000-t1c, where the last number
/// counts the examinations of a patient.
/// </summary>
internal sealed partial class BratsLayout : NamePatternLayout
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["t1"] = Modalities.T1, ["t1n"] = Modalities.T1, ["t1ce"] = Modalities.T1c, ["t1c"] = Modalities.T1c, ["t1gd"] = Modalities.T1c, ["t2"] = Modalities.T2, ["t2w"] = Modalities.T2,
        ["flair"] = Modalities.Flair, ["t2f"] = Modalities.Flair, ["seg"] = ManifestRow.Segmentation, ["gtv"] = ManifestRow.Segmentation,
    };

    protected override Regex Pattern => Name();

    protected override string Description => "BraTS";

    protected override LayoutSeries Read(Match match, SeriesFile file) => new(
        match.Groups["subject"].Value, match.Groups["session"].Value, file, ByTable(match.Groups["word"].Value, "BraTS", Words, new Dictionary<string, string>()));

    [GeneratedRegex(@"^(?:(?<subject>BraTS-[A-Z]{2,5}(?:-[A-Z]{2,5})?-[0-9]{3,6})-(?<session>[0-9]{1,3})[-_]|(?<subject>BraTS[0-9]{0,4}_[A-Za-z0-9_]*[A-Za-z0-9])_)(?<word>t1n?|t1ce|t1c|t1gd|t2w?|t2f|flair|seg|gtv)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Name();
}
