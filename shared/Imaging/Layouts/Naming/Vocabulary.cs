using System.Collections.Frozen;
using System.Text.RegularExpressions;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Layouts.Naming;

/// <summary>The words of sequence names that scanners of several vendors, public data sets and people use.</summary>
internal static partial class Vocabulary
{
    public const string OtherBodyPart = "another part of the body, or part of the head";
    public const string NotMeasured = "computed, not measured";

    public const string PerhapsLabels = "may be a label map or a field";

    private static readonly FrozenDictionary<string, WordMeaning> Meanings = Table(
        (new(WordKind.Modality, Modalities.Flair), "flair flaire darkfluid t2f fla t2flair qflair"),
        (new(WordKind.Modality, Modalities.T1c), "t1c t1wks t1gd t1ce t1wce t1wgd t1km t1post t1wpost t1cm"),
        (new(WordKind.Modality, Modalities.T1), "t1 t1n t1w t1wi mprage mprages memprage bravo spgr fspgr irspgr irfspgr efgre3d tfl tfl3d t1tfe"),
        (new(WordKind.Modality, Modalities.T2), "t2 t2w t2wi t2tse t2fse"),
        (new(WordKind.Modality, Modalities.Pd), "pd pdw pdwi protondensity"),
        (new(WordKind.Modality, Modalities.Mra), "mra tof timeofflight angio angiography angiogram"),
        (new(WordKind.Modality, Modalities.Dwi), "dwi dwibs trace tracew diffusion isodwi"),
        (new(WordKind.Modality, Modalities.Adc), "adc apparentdiffusion dadc adcmap"),
        (new(WordKind.Hint, Modalities.Flair), "fl tirm"),
        (new(WordKind.Hint, Modalities.Pd), "dp"),
        (new(WordKind.Hint, Modalities.T2), "haste ssfse"),
        (new(WordKind.Hint, Modalities.T1), "mp2rage vibe flash fl2d fl3d"),
        (new(WordKind.Hint, Modalities.Dwi), "diff resolve"),
        (new(WordKind.Hint, Modalities.Adc), "averagedc apparent"),
        (new(WordKind.Contrast), "gadolinium gado gad gd contrast postcontrast postgad postgd kontrast kontrastmittel gadovist dotarem magnevist prohance clariscan omniscan gadolinio contraste gadoline +c"),
        (new(WordKind.PerhapsContrast), "ce km post mdc enhanced"),
        (new(WordKind.Native), "pre nativ native noncontrast nocontrast unenhanced without wo ohne sans precontrast pregd pregad noce vor sin"),
        (new(WordKind.Excluded, "", "localizer or planning image"), "localizer localiser localizador localizers localisers scout scouts survey aahead aahscout aascout aahead64 headscout 3plane triplane 3pl smartbrain planscan autoalign planeloc"),
        (new(WordKind.Excluded, "", "calibration or adjustment scan"), "calibration calib refscan coilsurvey prescan shim senseref b1map b1 assetcal"),
        (new(WordKind.Excluded, "", "projection of another series"), "mip mips minip pjn"),
        (new(WordKind.Excluded, "", "susceptibility or T2* weighted"), "swi swan swip swii venobold qsm susceptibility t2star t2starw t2starweighted t2s hemo hemoflash t2ffe t2wffe medic"),
        (new(WordKind.Excluded, "", "perfusion"), "asl pasl pcasl casl perf perfusion dsc dce pwi cbf cbv rcbf rcbv relcbf relcbv relmtt mtt ttp tmax rbv rbf"),
        (new(WordKind.Excluded, "", "functional MRI"), "bold fmri func functional rsfmri restingstate resting rest-fmri sbref"),
        (new(WordKind.Excluded, "", "field map"), "fieldmap fieldmapping fmap grefield topup phasediff gre_field_mapping"),
        (new(WordKind.Excluded, "", "derived from diffusion"), "colfa colorfa tensor tensors eadc expadc exponential colmap fractionalanisotropy"),
        (new(WordKind.Excluded, "", "quantitative or synthetic map"), "t1map t2map pdmap r2star r1map r2map t1rho synthmap"),
        (new(WordKind.Excluded, "", "spectroscopy"), "mrs svs csi spectroscopy spectro mrsi"),
        (new(WordKind.Excluded, "", "report or screen image"), "report dose screensave screenshot screencapture phoenix phoenixzip phoenixzipreport posdisp positiondisplay presentation keyimages evidence"),
        (new(WordKind.Excluded, "", "venography or flow"), "mrv veno venography venous qflow venc csfflow pcmra cineflow"),
        (new(WordKind.Excluded, "", "subtraction"), "subtraction subtracted subtract"),
        (new(WordKind.ExcludedAtEnd, "", "localizer or planning image"), "loc plane planes pilot"),
        (new(WordKind.ExcludedAtEnd, "", "calibration or adjustment scan"), "cal coil asset"),
        (new(WordKind.ExcludedAtEnd, "", "derived from diffusion"), "fa md rd ad"),
        (new(WordKind.ExcludedAtEnd, "", "functional MRI"), "rest task rs"),
        (new(WordKind.PerhapsExcluded, "", "inversion recovery of another kind"), "stir dir psir fgatir"),
        (new(WordKind.PerhapsExcluded, "", "functional MRI"), "moco mocoseries"),
        (new(WordKind.PerhapsExcluded, "", "diffusion without trace or ADC"), "dti dsi hardi noddi mddw b0 s0 s0map"),
        (new(WordKind.PerhapsExcluded, "", "quantitative or synthetic map"), "map maps mapping relaxometry quantitative quant"),
        (new(WordKind.PerhapsExcluded, "", "phase or magnitude image"), "phase pha magnitude imaginary"),
        (new(WordKind.ExcludedAtEnd, "", "phase or magnitude image"), "mag"),
        (new(WordKind.PerhapsExcluded, "", "gradient echo without stated weighting"), "gre ffe mge merge mffe medic3d fisp"),
        (new(WordKind.PerhapsExcluded, "", "steady-state sequence"), "ciss fiesta fiestac bffe truefisp trufi ssfp"),
        (new(WordKind.Caution, "", "a reformatted copy, or MPRAGE abbreviated"), "mpr mprs reformat reformatted recon reconstructed curved"),
        (new(WordKind.Caution, "", OtherBodyPart), "spine cspine tspine lspine cervical thoracic lumbar neck orbit orbits orbita pituitary hypophysis hypophyse sella iac iacs hws lws bws knee hip shoulder abdomen pelvis liver prostate breast cardiac heart carotid carotids hippocampus hippo temporal tmj sinus sinuses wholebody extremity wrist ankle"),
        (new(WordKind.Caution, "", "before or after treatment, or repeated"), "op postop preop surgery postsurgery treatment rt fail failed repeat repeated rpt redo motion artefact artifact intraop"),
        (new(WordKind.Caution, "", NotMeasured), "synthetic synth synthsr fake pred predicted generated simulated sim magic symri ratio diffmap delta mean average avg template atlas gradient"),
        (new(WordKind.Caution, "", PerhapsLabels), "seg segm segmentation mask masks label labels lesion lesions roi rois gt truth annotation annotations parc parcellation aseg aparc tumor tumour contour contours prob probability probabilities pve brainmask warp jacobian deformation residual prediction edge edges"),
        (new(WordKind.Caution, "", "magnetisation transfer or double echo"), "mt mtc dualecho dual pd2 double inv1 inv2 uni"),
        (new(WordKind.Caution, "", "dynamic, phase-contrast or contrast-enhanced angiography"), "dyn dynamic twist tricks pc pca inhance ceangio cemra keyhole 4d"),
        (new(WordKind.Caution, "", "phantom or test"), "phantom test qa qc"),
        (new(WordKind.Neutral), """
            ax axial tra trans transverse transversal trv sag sagittal sagital cor coronal obl oblique iso isotropic 2d 3d fs fatsat fatsup spir spair tse fse se frfse xl blade
            propeller prop multivane cube space spc vista brainview tfe turbo spin echo fast hr highres hires res high low thin thick brain head hirn kopf cerveau crane schaedel
            schadel neuro nd dis2d dis3d ns pat grappa sense cs caipi ipat arc clear wip mr mri irm mrt w wi weighted image images img seq series rev std standard new full
            whole wholebrain mm slab multislab multi ep2d epi ssh clinical routine ir irprep rst mobiview real orig original norm nav n4 n4itk bet stripped skullstripped
            skullstrip skull ss strip bias biascorr corrected corr preproc preprocessed reg registered coreg coregistered rigid mni mni152 mni305 sri24 sri resampled reorient
            reoriented ras lps rai lpi las nifti nii raw final defaced deface anon anonymized long longtr dark fluid fluidattenuated mvxd mvd ap pa lr rl hf fh willis cow
            circle of dfc mix fatsaturated nofs nofatsat run rep acq sequence 7t 3t 1p5t protocol inplane thk slice slices coeff coefficient apparentcoefficient adni adni2 adni3
            me rms run1 run2 run3 noneck hyperband sms mb2 mb3 tilt corrected2 flexible clinicalbrain ge siemens philips freq syngo filtered unfiltered deepresolve dl air
            recondl shc shc32 axiale axiaal accelerated we ob view dssh dreg nach avec con mit xd s3di 3di mc  drive mm2 compressedsense csense ultrafast fov square asc des interleaved quick ips helms dixon water opp inphase wfs ffs ms
            """));

    private static readonly FrozenDictionary<(string, string), string> Pairs = new Dictionary<(string, string), string>
    {
        [("dark", "fluid")] = "darkfluid", [("da", "fl")] = "darkfluid", [("proton", "density")] = "protondensity", [("apparent", "diffusion")] = "apparentdiffusion",
        [("t2", "star")] = "t2star", [("t2w", "star")] = "t2star", [("t2w", "ffe")] = "t2wffe", [("t2", "ffe")] = "t2ffe", [("mp", "rage")] = "mprage", [("me", "mprage")] = "memprage",
        [("field", "map")] = "fieldmap", [("field", "mapping")] = "fieldmap", [("resting", "state")] = "restingstate", [("screen", "save")] = "screensave", [("3", "plane")] = "3plane",
        [("three", "plane")] = "3plane", [("plane", "loc")] = "planeloc", [("ref", "scan")] = "refscan", [("coil", "survey")] = "coilsurvey", [("position", "display")] = "posdisp",
        [("average", "dc")] = "averagedc", [("t1", "map")] = "t1map", [("t2", "map")] = "t2map", [("pd", "map")] = "pdmap", [("adc", "map")] = "adcmap", [("adc", "maps")] = "adcmap",
        [("fractional", "anisotropy")] = "fractionalanisotropy", [("asset", "cal")] = "assetcal", [("asset", "calibration")] = "assetcal", [("sense", "ref")] = "senseref",
        [("time", "of")] = "timeofflight", [("exp", "adc")] = "expadc", [("dual", "echo")] = "dualecho", [("double", "echo")] = "dualecho", [("t1", "rho")] = "t1rho",
        [("phase", "contrast")] = "pca", [("magic", "t1")] = "magic", [("key", "images")] = "keyimages", [("without", "contrast")] = "noncontrast", [("no", "contrast")] = "noncontrast", [("non", "contrast")] = "noncontrast",
    }.ToFrozenDictionary();

    public static WordMeaning Of(string word) =>
        Meanings.TryGetValue(word, out var meaning) ? meaning
        : Weighting().IsMatch(word) ? new WordMeaning(WordKind.Modality, Modalities.Dwi)
        : Measure().IsMatch(word) ? new WordMeaning(WordKind.Neutral)
        : Directions().IsMatch(word) ? new WordMeaning(WordKind.PerhapsExcluded, "", "diffusion without trace or ADC")
        : default;

    /// <summary>The one word that two neighbours mean; null when they stay two.</summary>
    public static string? Pair(string first, string second) =>
        Pairs.TryGetValue((first, second), out var pair) ? pair
        : first == "b" && second.Length is 3 or 4 && second.All(char.IsAsciiDigit) ? "b" + second
        : null;

    // Diffusion weighting in s/mm2: b500 to b3000; below that the image is mostly T2.
    [GeneratedRegex("^(?:b(?:[5-9][0-9]{2}|[1-3][0-9]{3})(?:[st])?|(?:[5-9][0-9]{2}|[1-3][0-9]{3})b)$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Weighting();

    // Numbers, sizes, acceleration factors, versions, runs.
    [GeneratedRegex("^(?:[0-9]+|[0-9]+(?:mm|mm2|mm3|x[0-9]+|x[0-9]+x[0-9]+|p[0-9]+|sl|nex|min|cm|tr|scan|iso|isotropic|ch|t|d|st|nd)|p[0-9]|pat[0-9]|mb[0-9]|r[0-9]|v[0-9]+|run[0-9]+|rep[0-9]+|x[0-9]|iso[0-9]+(?:mm)?|te[0-9]*|ti[0-9]*|tr[0-9]*|s[0-9]|cs[0-9]|(?:grappa|sense|caipi|ipat|asset|arc|pat)[0-9]+|thk[0-9]+|sl[0-9]+)$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Measure();

    [GeneratedRegex("^(?:dir[0-9]+|[0-9]+dir|[0-9]+dirs|[0-9]+directions)$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Directions();

    private static FrozenDictionary<string, WordMeaning> Table(params (WordMeaning Meaning, string Words)[] rows) =>
        rows.SelectMany(r => r.Words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Distinct().Select(w => (Word: w, r.Meaning)))
            .ToFrozenDictionary(p => p.Word, p => p.Meaning, StringComparer.Ordinal);
}
