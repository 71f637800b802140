using System.Text.RegularExpressions;

namespace BrainMVP.Federated.Imaging.Layouts.Naming;

/// <summary>One word of a file name or of a series description.</summary>
/// <param name="Text">Lower case, compounds taken apart: t1wpost is t1w and post.</param>
/// <param name="Start">Where it, or the compound it is part of, begins in the text.</param>
/// <param name="Meaning">What it says.</param>
internal readonly record struct Word(string Text, int Start, WordMeaning Meaning);

/// <summary>Takes names and descriptions apart.</summary>
internal static partial class Words
{
    /// <summary>Longer texts are not names; the rest says nothing.</summary>
    private const int MaximumCharacters = 400;

    public static IReadOnlyList<Word> Of(string text)
    {
        var words = new List<Word>();
        foreach (Match match in Token().Matches(text.Length > MaximumCharacters ? text[..MaximumCharacters] : text))
        {
            foreach (var part in Parts(match.Value.ToLowerInvariant()))
            {
                words.Add(new Word(part, match.Index, Vocabulary.Of(part)));
            }
        }

        return Joined(words);
    }

    private static IEnumerable<string> Parts(string token) => token switch
    {
        ['t', '2', .., '*'] or ['t', '2', .., '*', 'w'] => ["t2star"],
        ['+', '/', ..] => ["contrast", "without"],
        ['+', ..] => ["+c"],
        "c+" => ["+c"],
        "w/o" => ["without"],
        "w/wo" => ["contrast", "without"],
        _ when Vocabulary.Of(token).Kind != WordKind.Unknown => [token],
        _ when Compound().Match(token) is { Success: true } compound => compound.Groups["part"].Captures.Select(c => c.Value),
        _ => [token],
    };

    /// <summary>Two words that mean one thing.</summary>
    private static List<Word> Joined(List<Word> words)
    {
        var joined = new List<Word>(words.Count);
        for (var n = 0; n < words.Count; n++)
        {
            if (n + 1 < words.Count && Vocabulary.Pair(words[n].Text, words[n + 1].Text) is { } pair)
            {
                joined.Add(new Word(pair, words[n].Start, Vocabulary.Of(pair)));
                n++;
            }
            else
            {
                joined.Add(words[n]);
            }
        }

        return joined;
    }

    [GeneratedRegex(@"(?<![\p{L}\p{Nd}])w/wo(?!\p{L})|(?<![\p{L}\p{Nd}])w/o(?!\p{L})|\+/-\s*(?:c|gd|gad|km|contrast)?(?!\p{L})|\+\s*(?:c|gd|gad|gado|km|ce|contrast)(?!\p{L})|(?<![\p{L}\p{Nd}])c\+|t2\s?w?\s?\*w?|[\p{L}\p{Nd}]+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Token();

    // Philips writes sT2W, eT1W, 3DFLAIR; GE T1FSE; people T1post, T1mask.
    [GeneratedRegex(@"^(?:[se](?=t1|t2|pd|dwi|flair|3d|2d))?(?<part>2d|3d|t1wi?|t1n|t1|t2wi?|t2|pdwi?|pd|flair|dwi|tof|mra|mprage|mpr|bravo|fspgr|spgr|frfse|fse|tse|tfe|ffe|tfl|fl3d|fl2d|space|spc|cube|vibe|se|axial|ax|sagittal|sag|coronal|cor|tra|fs|iso|postop|preop|post|pre|gadolinium|gado|gad|gd|km|ce|contrast|map|star|adc|trace|mask|seg|segmentation|label|weighted|brain|ir)+$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Compound();
}
