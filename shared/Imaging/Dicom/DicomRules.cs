using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Layouts.Naming;

namespace BrainMVP.Federated.Imaging.Dicom;

/// <summary>
/// Proposes the modality of a DICOM series from its description, its image type, its contrast agent and its timing.
/// The words of a description are certain when nothing else contradicts them; timing alone never is.
/// </summary>
internal static class DicomRules
{
    private const int LeastImages = 8;

    private static readonly Dictionary<string, string> LeftImageTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["LOCALIZER"] = "localizer or planning image", ["FA"] = "derived from diffusion", ["COLFA"] = "derived from diffusion", ["TENSOR"] = "derived from diffusion", ["TENSOR_B0"] = "derived from diffusion",
        ["EXPADC"] = "derived from diffusion", ["EADC"] = "derived from diffusion", ["EXPONENTIAL"] = "derived from diffusion", ["MIP"] = "projection of another series", ["MNIP"] = "projection of another series",
        ["PROJECTION IMAGE"] = "projection of another series", ["PHASE MAP"] = "phase or magnitude image", ["VELOCITY"] = "phase or magnitude image", ["CSA REPORT"] = "report or screen image",
        ["SCREEN SAVE"] = "report or screen image", ["ASL"] = "perfusion", ["PERFUSION"] = "perfusion", ["TTP"] = "perfusion", ["RELCBF"] = "perfusion", ["RELCBV"] = "perfusion", ["RELMTT"] = "perfusion",
        ["CBF"] = "perfusion", ["CBV"] = "perfusion", ["MTT"] = "perfusion", ["FMRI"] = "functional MRI", ["SWI"] = "susceptibility or T2* weighted", ["SUBTRACTION"] = "subtraction", ["T1 MAP"] = "quantitative or synthetic map",
        ["T2 MAP"] = "quantitative or synthetic map",
    };

    public static ModalityProposal Propose(DicomSeries series)
    {
        var header = series.Header;
        if (!header.Modality.Equals("MR", StringComparison.OrdinalIgnoreCase))
        {
            return ModalityProposal.Ignored($"not MRI ({(header.Modality.Length > 0 ? header.Modality : "no modality")})");
        }

        if (header.SopClass.Length > 0 && !header.IsMrImage)
        {
            return ModalityProposal.Ignored("DICOM object without MR images");
        }

        if (header.ImageType.Skip(1).Select(t => LeftImageTypes.GetValueOrDefault(t)).FirstOrDefault(r => r is not null) is { } left)
        {
            return ModalityProposal.Ignored(left);
        }

        if (header.ImageType.Skip(2).Any(t => t is "P" or "PHASE" or "I" or "IMAGINARY"))
        {
            return ModalityProposal.Ignored("phase or magnitude image");
        }

        var proposal = Combined(header);
        return proposal.Status == SeriesStatus.Ignored ? proposal
            : series.EchoTimes.Count > 1 && proposal.Modality is not Modalities.Adc ? proposal.Doubted(FormattableString.Invariant($"{series.EchoTimes.Count} echo times in one series"))
            : header.BodyPart.Length > 0 && !IsHead(header.BodyPart) ? proposal.Doubted($"body part '{header.BodyPart}'")
            : header.ImageType is ["DERIVED", ..] && header.ImageType.Any(t => t is "MPR" or "REFORMATTED" or "RESAMPLED") ? proposal.Doubted("a reformatted copy of another series")
            : series.Images < LeastImages ? proposal.Doubted(FormattableString.Invariant($"only {series.Images} images"))
            : proposal;
    }

    private static ModalityProposal Combined(DicomHeader header)
    {
        var read = ModalityReader.Read(header.Description, TextKind.Description);
        var quoted = $"'{header.Description}'";
        if (read.IsSilent && header.Protocol.Length > 0 && ModalityReader.Read(header.Protocol, TextKind.Description) is { IsSilent: false } protocol)
        {
            // Several series come from one protocol, for example reformatted copies.
            read = protocol with { Proposal = protocol.Proposal.Status == SeriesStatus.Accepted ? protocol.Proposal.Doubted("only the protocol's name says it") : protocol.Proposal };
            quoted = $"protocol '{header.Protocol}'";
        }

        var text = read.Proposal with { Reason = read.Proposal.Status == SeriesStatus.Ignored ? read.Proposal.Reason : $"{quoted}: {read.Proposal.Reason}" };
        if (text.Status == SeriesStatus.Ignored)
        {
            return text;
        }

        if (Declared(header) is { } declared)
        {
            return read.IsSilent ? declared with { Reason = $"{declared.Reason}; {quoted} says nothing" }
                : text.Modality == declared.Modality ? text
                : ModalityProposal.Uncertain(declared.Modality, $"{quoted} says {Or(text.Modality)}, but {declared.Reason}");
        }

        if (read.IsSilent || text.Modality.Length == 0)
        {
            var (modality, why) = SequenceTiming.Guess(header);
            return ModalityProposal.Uncertain(WithAgent(modality, header), modality.Length > 0 ? $"{quoted} says nothing; {why}" : $"{quoted} says nothing, and neither does the timing");
        }

        if (SequenceTiming.Contradiction(header, text.Modality) is { } contradiction)
        {
            return text.Doubted($"{text.Reason}, but {contradiction}");
        }

        // Native series carry the agent of the examination too, so that the agent alone proves nothing.
        return text is { Modality: Modalities.T1, Status: SeriesStatus.Accepted } && HasAgent(header)
            ? ModalityProposal.Uncertain(Modalities.T1c, $"{quoted} says T1 without contrast agent, but the header names the agent '{header.ContrastAgent}'")
            : text;
    }

    /// <summary>What the scanner itself declares.</summary>
    private static ModalityProposal? Declared(DicomHeader header) =>
        header.ImageType.Any(t => t is "ADC" or "ADC_UNSPECIFIED") ? ModalityProposal.Certain(Modalities.Adc, "the image type is ADC")
        : header.ImageType.Any(t => t is "TRACEW" or "TRACE" or "ISOTROPIC") ? ModalityProposal.Certain(Modalities.Dwi, "the image type is a diffusion trace")
        : header.ImageType.Contains("DIFFUSION", StringComparer.Ordinal) ? ModalityProposal.Uncertain(Modalities.Dwi, "the image type is diffusion")
        : header.AngioFlag.Equals("Y", StringComparison.OrdinalIgnoreCase) || header.SequenceVariant.Contains("TOF", StringComparer.Ordinal) || header.SequenceName.Contains("tof", StringComparison.OrdinalIgnoreCase)
            ? ModalityProposal.Uncertain(Modalities.Mra, "the header flags an angiography")
        : null;

    private static string WithAgent(string modality, DicomHeader header) => modality == Modalities.T1 && HasAgent(header) ? Modalities.T1c : modality;

    private static bool HasAgent(DicomHeader header) => header.ContrastAgent.Length > 0 && header.ContrastAgent.ToUpperInvariant() is not ("NO" or "NONE" or "N" or "0" or "-" or "NULL" or "NO CONTRAST" or "UNENHANCED");

    private static bool IsHead(string part) => ((string[])["HEAD", "BRAIN", "SKULL", "NEURO", "CRAN", "KOPF", "SCHAEDEL", "CEREB"]).Any(h => part.Contains(h, StringComparison.OrdinalIgnoreCase));

    private static string Or(string modality) => modality.Length > 0 ? modality : "something else";
}
