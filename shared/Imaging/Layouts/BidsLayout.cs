using System.Text.Json;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.Layouts.Naming;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>
/// Brain Imaging Data Structure, raw or derivatives. Contrast-enhanced T1 is a T1w with a ce- entity; what a scanner
/// derives from diffusion stands in dwi/. Pipelines in derivatives/ are data sets of their own, because their images lie
/// on other grids than the raw ones.
/// </summary>
internal sealed class BidsLayout : ILayout
{
    private const string DescriptionFile = "dataset_description.json";

    private static readonly Dictionary<string, string> Folders = new(StringComparer.Ordinal)
    {
        ["func"] = "functional MRI", ["fmap"] = "field map", ["perf"] = "perfusion", ["mrs"] = "spectroscopy", ["eeg"] = "not MRI", ["meg"] = "not MRI", ["ieeg"] = "not MRI",
        ["pet"] = "not MRI", ["nirs"] = "not MRI", ["beh"] = "not MRI", ["micr"] = "not MRI", ["motion"] = "not MRI", ["sourcedata"] = "source data of a BIDS data set", ["code"] = "not an image of a subject",
    };

    private static readonly Dictionary<string, string> Suffixes = new(StringComparer.Ordinal)
    {
        ["T1w"] = Modalities.T1, ["T2w"] = Modalities.T2, ["PDw"] = Modalities.Pd, ["PD"] = Modalities.Pd, ["FLAIR"] = Modalities.Flair, ["angio"] = Modalities.Mra,
        ["dwi"] = Modalities.Dwi, ["trace"] = Modalities.Dwi, ["ADC"] = Modalities.Adc, ["adc"] = Modalities.Adc, ["flair"] = Modalities.Flair,
    };

    private static readonly Dictionary<string, string> Left = new(StringComparer.Ordinal)
    {
        ["T2starw"] = "susceptibility or T2* weighted", ["T2star"] = "susceptibility or T2* weighted", ["swi"] = "susceptibility or T2* weighted", ["FA"] = "derived from diffusion",
        ["colFA"] = "derived from diffusion", ["expADC"] = "derived from diffusion", ["S0map"] = "diffusion without trace or ADC", ["sbref"] = "reference of another series", ["bold"] = "functional MRI",
        ["cbv"] = "functional MRI", ["epi"] = "field map", ["asl"] = "perfusion", ["m0scan"] = "perfusion", ["defacemask"] = LabelNames.MaskReason, ["mask"] = LabelNames.MaskReason,
        ["probseg"] = LabelNames.MaskReason, ["MP2RAGE"] = "quantitative or synthetic map", ["UNIT1"] = "quantitative or synthetic map", ["inplaneT1"] = "reference of another series",
        ["inplaneT2"] = "reference of another series", ["xfm"] = "not an image of a subject", ["motion"] = "functional MRI",
    };

    public string? Recognise(DatasetFolder folder)
    {
        var named = folder.Images.Count(f => BidsName.Parse(DatasetFolder.ImageStem(f)!) is not null);
        if (named > 0 && folder.Has(DescriptionFile))
        {
            return $"{(IsDerivatives(folder) ? "BIDS derivatives" : "BIDS raw")} data set ({DescriptionFile})";
        }

        return named > 0 && named >= 0.9 * folder.Images.Count ? $"{(Derived(folder) ? "BIDS derivatives" : "BIDS")} names ({named} of {folder.Images.Count}), no {DescriptionFile}" : null;
    }

    public IEnumerable<LayoutSeries> Read(DatasetFolder folder)
    {
        foreach (var image in folder.Images)
        {
            var stem = DatasetFolder.ImageStem(image)!;
            var folders = DatasetFolder.FoldersOf(image);
            var left = folders.Select(f => Folders.GetValueOrDefault(f)).FirstOrDefault(f => f is not null);
            var name = BidsName.Parse(stem);
            if (left is not null || name is null)
            {
                yield return new LayoutSeries(name is null ? stem : "sub-" + name["sub"], "", folder.Series(image), left is not null ? ModalityProposal.Ignored(left) : NotBids(stem));
                continue;
            }

            var session = name["ses"].Length > 0 ? "ses-" + name["ses"] : folders.FirstOrDefault(f => f.StartsWith("ses-", StringComparison.Ordinal)) ?? "";
            yield return new LayoutSeries("sub-" + name["sub"], session, folder.Series(image), Propose(name, stem));
        }
    }

    /// <summary>The pipelines of derivatives/ that hold series, not only labels.</summary>
    public static IEnumerable<string> Pipelines(DatasetFolder folder) => folder.Images
        .Where(f => f.StartsWith("derivatives/", StringComparison.Ordinal) && f.Split('/').Length > 3)
        .GroupBy(f => string.Join('/', f.Split('/')[..2]), StringComparer.Ordinal)
        .Where(g => !g.Key.Contains("/sub-", StringComparison.Ordinal)
            && g.Any(f => BidsName.Parse(DatasetFolder.ImageStem(f)!) is { } name && Propose(name, DatasetFolder.ImageStem(f)!) is { Status: not SeriesStatus.Ignored, Modality: not ManifestRow.Segmentation }))
        .Select(g => g.Key);

    private static ModalityProposal Propose(BidsName name, string stem)
    {
        var suffix = name.Suffix;
        if (suffix is "dseg" or "mask" or "msk" or "seg" or "roi" or "label")
        {
            var label = (name["label"] + name["desc"]).ToLowerInvariant();
            return suffix is "msk" or "seg" or "roi" || Array.Exists(["lesion", "tumor", "tumour", "wmh", "stroke", "infarct"], label.Contains)
                ? ModalityProposal.Certain(ManifestRow.Segmentation, $"suffix {suffix}, {(label.Length > 0 ? label : "no other label")}")
                : ModalityProposal.Ignored(LabelNames.MaskReason);
        }

        if (!Suffixes.TryGetValue(suffix, out var modality))
        {
            return Left.TryGetValue(suffix, out var why) ? ModalityProposal.Ignored(why)
                : suffix.EndsWith("map", StringComparison.Ordinal) ? ModalityProposal.Ignored("quantitative or synthetic map")
                : suffix.StartsWith("magnitude", StringComparison.Ordinal) || suffix.StartsWith("phase", StringComparison.Ordinal) ? ModalityProposal.Ignored("field map")
                : FreeName.Parse(stem).Proposal;
        }

        if (name["part"].Length > 0 && name["part"] != "mag")
        {
            return ModalityProposal.Ignored("phase or magnitude image");
        }

        var contrast = name["ce"];
        if (contrast.Length > 0)
        {
            return modality != Modalities.T1 ? ModalityProposal.Uncertain(modality, $"{suffix} with contrast agent (ce-{contrast})")
                : contrast.ToLowerInvariant() is "no" or "none" or "pre" or "without" or "native" ? ModalityProposal.Uncertain(modality, $"ce-{contrast} seems to say without contrast agent")
                : ModalityProposal.Certain(Modalities.T1c, $"BIDS suffix {suffix} with ce-{contrast}");
        }

        return Contradiction(name, modality) ?? ModalityProposal.Certain(modality, $"BIDS suffix {suffix}");
    }

    /// <summary>People put into acq-, rec- and desc- what BIDS has no other place for: acq-postGd, desc-MIP.</summary>
    private static ModalityProposal? Contradiction(BidsName name, string modality)
    {
        foreach (var entity in (ReadOnlySpan<string>)["acq", "rec", "desc", "inv"])
        {
            var label = name[entity];
            if (label.Length == 0)
            {
                continue;
            }

            var words = Words.Of(label);
            var read = ModalityReader.Read(words, TextKind.Name);
            if (entity == "inv" || words.Any(w => w.Meaning.Kind is WordKind.Contrast or WordKind.PerhapsContrast or WordKind.Excluded)
                || (read.Proposal.Modality.Length > 0 && read.Proposal.Modality != modality))
            {
                return ModalityProposal.Uncertain(modality, $"suffix {name.Suffix}, but {entity}-{label}");
            }
        }

        return null;
    }

    private static ModalityProposal NotBids(string stem)
    {
        var name = FreeName.Parse(stem);
        return name.Proposal.Status == SeriesStatus.Ignored ? name.Proposal : name.Proposal.Doubted("its name is not a BIDS name");
    }

    private static bool IsDerivatives(DatasetFolder folder)
    {
        try
        {
            using var document = JsonDocument.Parse(folder.ReadDescription(DescriptionFile));
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && (root.TryGetProperty("DatasetType", out var type) ? type.ValueKind == JsonValueKind.String && type.GetString() == "derivative"
                    : root.TryGetProperty("GeneratedBy", out _) || root.TryGetProperty("PipelineDescription", out _));
        }
        catch (Exception e) when (e is JsonException or Contracts.Errors.FederationException)
        {
            // A broken description does not make the names less readable.
            return Derived(folder);
        }
    }

    private static bool Derived(DatasetFolder folder) => folder.Images.Any(f => f.Contains("_desc-", StringComparison.Ordinal) || f.Contains("_space-", StringComparison.Ordinal));
}
