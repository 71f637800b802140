using System.Text.RegularExpressions;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>ISLES 2022: sub-strokecase0001_ses-0001_{dwi,adc,flair}, and the lesion as derivatives/.../..._msk.</summary>
internal sealed partial class Isles22Layout : NamePatternLayout
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["dwi"] = Modalities.Dwi, ["adc"] = Modalities.Adc, ["flair"] = Modalities.Flair, ["msk"] = ManifestRow.Segmentation,
    };

    protected override Regex Pattern => Name();

    protected override string Description => "ISLES 2022";

    protected override LayoutSeries Read(Match match, SeriesFile file) => new(
        match.Groups["subject"].Value, match.Groups["session"].Value, file, ByTable(match.Groups["word"].Value, "ISLES 2022", Words, new Dictionary<string, string>()));

    [GeneratedRegex("^(?<subject>sub-strokecase[0-9]{4})_(?<session>ses-[0-9]{4})_(?:space-[A-Za-z0-9]+_)?(?<word>dwi|adc|flair|msk)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Name();
}
