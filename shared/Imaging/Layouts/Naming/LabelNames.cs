namespace BrainMVP.Federated.Imaging.Layouts.Naming;

/// <summary>Names of volumes that hold labels instead of intensities.</summary>
internal static class LabelNames
{
    public const string MaskReason = "brain mask, tissue map or parcellation";

    private static readonly string[] MaskEnds = ["dlmuse", "dlicv", "aseg", "aparc", "wmparc", "dseg", "probseg", "synthseg", "tissueseg", "brainseg", "fastseg", "parcellation", "mask", "atlas"];
    private static readonly HashSet<string> MaskWords = new(StringComparer.Ordinal) { "parc", "brainmask", "ribbon", "pve", "gm", "wm", "csf", "tissue", "dkt", "xfm", "warp" };

    private static readonly string[] LabelEnds = ["seg", "segm", "segmentation", "segmentations", "label", "labels", "labelmap", "msk", "gold", "consensus_gt", "truth", "manual", "gtv"];
    private static readonly HashSet<string> LabelWords = new(StringComparer.Ordinal) { "gt", "roi", "rois", "lesion", "lesions", "annotation", "wmh", "tumor", "tumour", "infarct" };
    private static readonly string[] Findings = ["lesion", "tumor", "tumour", "wmh", "stroke", "infarct", "edema", "gtv", "metast", "hemorrhage"];
    private static readonly string[] Begins = ["lesion", "tumor", "tumour", "consensus", "brain", "manual", "gold", "seg", "wmh", "ground"];

    /// <summary>Reads whether a name is one of a label map or mask.</summary>
    /// <param name="stem">File name without extension.</param>
    /// <returns>Null when it is neither; and where the words that say so begin.</returns>
    public static (ModalityProposal Proposal, int Start)? Read(string stem)
    {
        var lower = stem.ToLowerInvariant();
        var tokens = Tokens(lower);
        if (tokens.Count == 0)
        {
            return null;
        }

        var last = lower[tokens[^1].Start..tokens[^1].End];
        var isMask = MaskWords.Contains(last) || Array.Exists(MaskEnds, e => lower.EndsWith(e, StringComparison.Ordinal))
            || (last.StartsWith("seg", StringComparison.Ordinal) && lower.Contains("brain", StringComparison.Ordinal) && LabelEnds.Contains(last));
        var isLabel = LabelWords.Contains(last) || Array.Exists(LabelEnds, e => lower.EndsWith(e, StringComparison.Ordinal));
        if (!isMask && !isLabel)
        {
            return null;
        }

        // A mask of a finding is a label map; any other mask is not.
        var start = tokens.Count - 1;
        while (start > 0 && Array.Exists(Begins, b => lower[tokens[start - 1].Start..tokens[start - 1].End].StartsWith(b, StringComparison.Ordinal)))
        {
            start--;
        }

        var words = lower[tokens[start].Start..];
        var ofFinding = Array.Exists(Findings, f => words.Contains(f, StringComparison.Ordinal));
        return (isMask && !ofFinding ? ModalityProposal.Ignored(MaskReason) : ModalityProposal.Certain(ManifestRow.Segmentation, $"'{words}' is a label map"), tokens[start].Start);
    }

    private static List<(int Start, int End)> Tokens(string text)
    {
        var tokens = new List<(int, int)>();
        for (int start = 0, n = 0; n <= text.Length; n++)
        {
            if (n == text.Length || text[n] is '_' or '-' or ' ' or '|' or '.')
            {
                if (n > start)
                {
                    tokens.Add((start, n));
                }

                start = n + 1;
            }
        }

        return tokens;
    }
}
