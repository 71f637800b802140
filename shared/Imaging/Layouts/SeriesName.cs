using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>What a file name says about a series.</summary>
internal enum NameKind
{
    /// <summary>Not an image file.</summary>
    NotAnImage,

    /// <summary>A mask, label or parcellation.</summary>
    Derived,

    /// <summary>An image of no modality that is known.</summary>
    Unknown,

    Series,
}

/// <param name="Subject">The name before the modality; empty when the name is the modality alone.</param>
/// <param name="Modality">Canonical name, or empty.</param>
internal readonly record struct ParsedName(NameKind Kind, string Subject, string Modality);

/// <summary>Reads the modality from the end of a file name, as SUBJECT_MODALITY, and knows the names in use.</summary>
internal static class SeriesName
{
    private static readonly string[] Extensions = [".nii.gz", ".nii", ".hdr", ".hdr.gz"];
    private static readonly char[] Separators = ['_', '-', ' ', '|'];

    // Ends of names that are never a series, whatever stands before them.
    private static readonly string[] DerivedEnds = ["seg", "mask", "label", "labels", "msk", "dlmuse", "gold", "consensus_gt", "parcellation", "aseg", "aparc"];
    private static readonly HashSet<string> DerivedTokens = new(StringComparer.Ordinal) { "gt", "roi", "lesion", "lesions", "parc", "annotation", "brainmask" };

    private static readonly Dictionary<string, string> Synonyms = Table(
        (Modalities.Flair, "flair fl fla t2f t2flair darkfluid"),
        (Modalities.T1, "t1 t1n t1w mprage bravo spgr tfl fspgr t1pre"),
        (Modalities.T1c, "t1c t1ce t1gd t1post t1wks gd gad t1wgd t1wce t1wpost t1km ce+t1 +c t1+c"),
        (Modalities.T2, "t2 t2w tse"),
        (Modalities.Pd, "pd pdw dp"),
        (Modalities.Mra, "mra tof angio"),
        (Modalities.Dwi, "dwi trace tracew b1000"),
        (Modalities.Adc, "adc apparent"));

    /// <summary>Canonical modality of a word in a manifest; null when unknown.</summary>
    public static string? Canonical(string word) => Synonyms.GetValueOrDefault(string.Concat(word.Trim().ToLowerInvariant().Split(Separators)));

    public static ParsedName Parse(string fileName)
    {
        var extension = Extensions.FirstOrDefault(e => fileName.EndsWith(e, StringComparison.OrdinalIgnoreCase));
        if (extension is null || fileName.StartsWith('.'))
        {
            return new ParsedName(NameKind.NotAnImage, "", "");
        }

        var stem = fileName[..^extension.Length];
        var lower = stem.ToLowerInvariant();
        var tokens = Tokens(stem);
        if (tokens.Count == 0 || DerivedTokens.Contains(lower[tokens[^1].Start..]) || Array.Exists(DerivedEnds, e => lower.EndsWith(e, StringComparison.Ordinal)))
        {
            return new ParsedName(NameKind.Derived, "", "");
        }

        // Two words first: T2_FLAIR is FLAIR, T1_post is T1 with contrast.
        foreach (var count in (ReadOnlySpan<int>)[2, 1])
        {
            if (tokens.Count < count)
            {
                continue;
            }

            var start = tokens[^count].Start;
            var word = string.Concat(lower[start..].Split(Separators));
            if (Synonyms.TryGetValue(word, out var modality))
            {
                var hasContrast = modality == Modalities.T1 && tokens.Any(t => lower[t.Start..t.End] == "ce");
                return new ParsedName(NameKind.Series, stem[..start].TrimEnd(Separators), hasContrast ? Modalities.T1c : modality);
            }
        }

        return new ParsedName(NameKind.Unknown, "", "");
    }

    private static List<(int Start, int End)> Tokens(string stem)
    {
        var tokens = new List<(int, int)>();
        for (int start = 0, n = 0; n <= stem.Length; n++)
        {
            if (n == stem.Length || Separators.Contains(stem[n]))
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

    private static Dictionary<string, string> Table(params (string Modality, string Words)[] rows) =>
        rows.SelectMany(r => r.Words.Split(' ').Select(w => (w, r.Modality))).ToDictionary(p => p.w, p => p.Modality, StringComparer.Ordinal);
}
