using System.Text.RegularExpressions;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>UCSF-PDGM: UCSF-PDGM-0004_nifti/UCSF-PDGM-0004_T1c.nii.gz, with many series beside the structural ones.</summary>
internal sealed partial class UcsfPdgmLayout : NamePatternLayout
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["T1"] = Modalities.T1, ["T1c"] = Modalities.T1c, ["T1gad"] = Modalities.T1c, ["T2"] = Modalities.T2, ["FLAIR"] = Modalities.Flair, ["DWI"] = Modalities.Dwi,
        ["ADC"] = Modalities.Adc, ["tumor_segmentation"] = ManifestRow.Segmentation,
    };

    protected override Regex Pattern => Name();

    protected override string Description => "UCSF-PDGM";

    protected override LayoutSeries Read(Match match, SeriesFile file)
    {
        var word = match.Groups["word"].Value;
        var proposal = Words.TryGetValue(word, out var modality) ? ModalityProposal.Certain(modality, $"'{word}' in the scheme of UCSF-PDGM")
            : word.EndsWith("_bias", StringComparison.OrdinalIgnoreCase) ? ModalityProposal.Ignored("second copy of a series, with another bias correction")
            : word.Contains("segmentation", StringComparison.OrdinalIgnoreCase) ? ModalityProposal.Ignored(Naming.LabelNames.MaskReason)
            : word.StartsWith("DTI", StringComparison.OrdinalIgnoreCase) || word.StartsWith("HARDI", StringComparison.OrdinalIgnoreCase) ? ModalityProposal.Ignored("derived from diffusion")
            : word.StartsWith("ASL", StringComparison.OrdinalIgnoreCase) ? ModalityProposal.Ignored("perfusion")
            : word.StartsWith("SWI", StringComparison.OrdinalIgnoreCase) ? ModalityProposal.Ignored("susceptibility or T2* weighted")
            : ModalityProposal.Uncertain("", $"'{word}' is not a known series of UCSF-PDGM");
        return new LayoutSeries(match.Groups["subject"].Value, match.Groups["session"].Value, file, proposal);
    }

    [GeneratedRegex("^(?<subject>UCSF-PDGM-[0-9]{3,5})(?:_(?<session>FU[0-9]{1,4}d?))?_(?<word>.+)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Name();
}
