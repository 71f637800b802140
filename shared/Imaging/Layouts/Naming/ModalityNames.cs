using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Layouts.Naming;

/// <summary>Words for modalities in a manifest, where a person chose them.</summary>
internal static class ModalityNames
{
    private static readonly char[] Separators = ['_', '-', ' ', '|'];

    private static readonly Dictionary<string, string> Synonyms = Table(
        (Modalities.Flair, "flair fl fla t2f t2flair darkfluid"),
        (Modalities.T1, "t1 t1n t1w mprage bravo spgr tfl fspgr t1pre"),
        (Modalities.T1c, "t1c t1ce t1gd t1post t1wks gd gad t1wgd t1wce t1wpost t1km ce+t1 +c t1+c"),
        (Modalities.T2, "t2 t2w tse"),
        (Modalities.Pd, "pd pdw dp"),
        (Modalities.Mra, "mra tof angio"),
        (Modalities.Dwi, "dwi trace tracew b1000"),
        (Modalities.Adc, "adc apparent"),
        (ManifestRow.Segmentation, "seg segmentation label labels msk"));

    /// <summary>Canonical modality or <see cref="ManifestRow.Segmentation"/>; null when unknown.</summary>
    public static string? Canonical(string word) => Synonyms.GetValueOrDefault(string.Concat(word.Trim().ToLowerInvariant().Split(Separators)));

    private static Dictionary<string, string> Table(params (string Modality, string Words)[] rows) =>
        rows.SelectMany(r => r.Words.Split(' ').Select(w => (w, r.Modality))).ToDictionary(p => p.w, p => p.Modality, StringComparer.Ordinal);
}
