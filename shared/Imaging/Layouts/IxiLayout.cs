using System.Text.RegularExpressions;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>IXI: IXI002-Guys-0828-T1.nii.gz, flat or in a folder per modality; diffusion comes as sixteen files per subject.</summary>
internal sealed partial class IxiLayout : NamePatternLayout
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["T1"] = Modalities.T1, ["T2"] = Modalities.T2, ["PD"] = Modalities.Pd, ["MRA"] = Modalities.Mra,
    };

    private static readonly Dictionary<string, string> Left = new(StringComparer.OrdinalIgnoreCase) { ["DTI"] = "diffusion without trace or ADC" };

    protected override Regex Pattern => Name();

    protected override string Description => "IXI";

    protected override LayoutSeries Read(Match match, SeriesFile file) =>
        new(match.Groups["subject"].Value, "", file, ByTable(match.Groups["word"].Value, "IXI", Words, Left));

    [GeneratedRegex("^(?<subject>IXI[0-9]{3}-[A-Za-z]+-[0-9]{4})-(?<word>T1|T2|PD|MRA|DTI)(?:-[0-9]{2})?$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Name();
}
