using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Layouts.Naming;

/// <summary>Who chose the words.</summary>
internal enum TextKind
{
    /// <summary>A file or folder name: may begin with anything, often with who the subject is.</summary>
    Name,

    /// <summary>A scanner's series description: every word is about the sequence.</summary>
    Description,
}

/// <param name="First">Where in the text the first word that names the modality begins; -1 without one.</param>
/// <param name="Last">Where the last one begins.</param>
internal sealed record ModalityReading(ModalityProposal Proposal, int First, int Last)
{
    /// <summary>No word says anything about a modality.</summary>
    public bool IsSilent => First < 0 && Proposal.Status == SeriesStatus.Uncertain && Proposal.Modality.Length == 0;
}

/// <summary>
/// Reads the modality from words. Certain only when one modality is named, nothing contradicts it, and every word
/// behind the first one that names it (in a description: every word) is known to be harmless: an unknown word may mean anything.
/// </summary>
internal static class ModalityReader
{
    private const string Diffusion = "derived from diffusion";

    // Which modality is proposed first when several are named.
    private static readonly string[] Order = [Modalities.Flair, Modalities.T1c, Modalities.T1, Modalities.Adc, Modalities.Dwi, Modalities.Mra, Modalities.Pd, Modalities.T2];

    public static ModalityReading Read(string text, TextKind kind) => Read(Words.Of(text), kind);

    public static ModalityReading Read(IReadOnlyList<Word> words, TextKind kind)
    {
        var hits = Enumerable.Range(0, words.Count).Where(n => words[n].Meaning.Kind == WordKind.Modality).ToArray();
        var (first, last) = hits.Length == 0 ? (-1, -1) : (words[hits[0]].Start, words[hits[^1]].Start);
        return new ModalityReading(Propose(words, hits, kind), first, last);
    }

    private static ModalityProposal Propose(IReadOnlyList<Word> words, int[] hits, TextKind kind)
    {
        // In front of the modality a name may hold anything: ASL-study_001_T1 is a T1, perhaps.
        var excluded = Enumerable.Range(0, words.Count).FirstOrDefault(n => words[n].Meaning.Kind == WordKind.Excluded, -1);
        var mayBeSubject = kind == TextKind.Name && hits.Length > 0 && excluded < hits[0];
        if (excluded >= 0 && !mayBeSubject)
        {
            return ModalityProposal.Ignored(words[excluded].Meaning.Reason);
        }

        if (hits.Length == 0)
        {
            return WithoutHit(words, kind);
        }

        var named = hits.Select(n => words[n].Meaning.Modality).Distinct(StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        var conflict = Settle(words, hits, named, kind);
        var modality = Order.First(named.Contains);
        if (conflict is not null || excluded >= 0)
        {
            return ModalityProposal.Uncertain(modality, conflict ?? $"it names {modality} and {Quote(words[excluded].Text)} ({words[excluded].Meaning.Reason})");
        }

        if (Ending(words) is { } end && (end.Meaning.Reason != Diffusion || modality == Modalities.Dwi))
        {
            return end.Meaning.Reason == Diffusion ? ModalityProposal.Ignored(Diffusion) : ModalityProposal.Uncertain(modality, $"{Quote(end.Text)}: {end.Meaning.Reason}");
        }

        if (Doubt(words, hits, modality, kind) is { } doubt)
        {
            return ModalityProposal.Uncertain(Contrasted(words, modality) ? Modalities.T1c : modality, doubt);
        }

        return WithContrast(words, hits, modality, kind);
    }

    private static ModalityProposal WithoutHit(IReadOnlyList<Word> words, TextKind kind)
    {
        if (words.LastOrDefault(w => w.Meaning.Kind is WordKind.PerhapsExcluded or WordKind.ExcludedAtEnd) is { Text: not null } excluded
            && (kind == TextKind.Description || excluded.Meaning.Kind == WordKind.PerhapsExcluded || excluded == Ending(words)))
        {
            return ModalityProposal.Ignored(excluded.Meaning.Reason);
        }

        var meaningful = words.Where(w => w.Meaning.Kind != WordKind.Neutral).ToArray();
        if (meaningful is [.., { Meaning.Kind: WordKind.Hint } hint])
        {
            // People write Subj10_FL; scanners do not.
            return kind == TextKind.Name && hint.Text == "fl"
                ? ModalityProposal.Certain(Modalities.Flair, "FL, the last word of the name")
                : ModalityProposal.Uncertain(hint.Meaning.Modality, $"{Quote(hint.Text)} alone does not prove the modality");
        }

        return words.FirstOrDefault(w => w.Meaning.Kind == WordKind.Hint) is { Text: not null } other && kind == TextKind.Description
            ? ModalityProposal.Uncertain(other.Meaning.Modality, $"{Quote(other.Text)} alone does not prove the modality")
            : words.Any(w => w.Meaning.Kind == WordKind.Contrast)
            ? ModalityProposal.Uncertain(Modalities.T1c, "contrast agent is named, but no weighting")
            : ModalityProposal.Uncertain("", "no word of the name says the modality");
    }

    /// <summary>Takes the names that another one explains out of the set; answers what contradicts, if anything is left.</summary>
    private static string? Settle(IReadOnlyList<Word> words, int[] hits, HashSet<string> named, TextKind kind)
    {
        if (named.Contains(Modalities.Adc) && named.Contains(Modalities.Dwi) && words[hits[^1]].Meaning.Modality == Modalities.Adc && Linked(words, hits) is null)
        {
            named.Remove(Modalities.Dwi);
        }

        if (named.Contains(Modalities.Flair) && named.Contains(Modalities.T2) && IsT2Flair(words, hits, kind))
        {
            named.Remove(Modalities.T2);
        }

        return named.Count > 1 ? $"it names {string.Join(" and ", Order.Where(named.Contains))}" : null;
    }

    /// <summary>T2 FLAIR is a FLAIR; T2 registered to FLAIR is a T2.</summary>
    private static bool IsT2Flair(IReadOnlyList<Word> words, int[] hits, TextKind kind)
    {
        var flair = Array.FindIndex(hits, h => words[h].Meaning.Modality == Modalities.Flair);
        var t2 = Array.FindIndex(hits, h => words[h].Meaning.Modality == Modalities.T2);
        var (from, to) = (Math.Min(hits[flair], hits[t2]), Math.Max(hits[flair], hits[t2]));
        var between = Enumerable.Range(from + 1, to - from - 1).Select(n => words[n]).ToArray();
        if (between.Any(w => w.Meaning.Kind != WordKind.Neutral && w.Meaning.Modality != Modalities.Flair))
        {
            return false;
        }

        if (kind == TextKind.Description)
        {
            return t2 < flair || to == from + 1;
        }

        // In names "space-FLAIR" says where the image lies, not what it is.
        return t2 < flair && !(hits[flair] > 0 && words[hits[flair] - 1].Text == "space") && !(hits[flair] + 1 < words.Count && words[hits[flair] + 1].Text is "space" or "reg");
    }

    private static string? Linked(IReadOnlyList<Word> words, int[] hits) =>
        Enumerable.Range(hits[0], hits[^1] - hits[0]).Select(n => words[n].Text).FirstOrDefault(w => w is "to" or "2" or "in" or "into" or "onto" or "on" or "from" or "of" or "space" or "reg");

    private static Word? Ending(IReadOnlyList<Word> words) =>
        words.LastOrDefault(w => w.Meaning.Kind != WordKind.Neutral) is { Meaning.Kind: WordKind.ExcludedAtEnd } end ? end : null;

    private static string? Doubt(IReadOnlyList<Word> words, int[] hits, string modality, TextKind kind)
    {
        foreach (var (n, word) in words.Index())
        {
            var explained = modality == Modalities.Adc && word.Meaning.Reason == "diffusion without trace or ADC"
                || modality == Modalities.Dwi && word.Text is "dti" or "mddw" && words.Any(w => w.Text is "trace" or "tracew")
                || modality is Modalities.T1 or Modalities.T1c && word.Text is "ffe" or "gre"
                || modality == Modalities.Adc && word.Text is "map" or "maps";
            var inSubject = kind == TextKind.Name && n < hits[0] && word.Meaning.Reason is not (Vocabulary.OtherBodyPart or Vocabulary.NotMeasured or Vocabulary.PerhapsLabels) && word.Meaning.Kind == WordKind.Caution;
            if (word.Meaning.Kind is WordKind.Caution or WordKind.PerhapsExcluded && !explained && !inSubject)
            {
                return $"{Quote(word.Text)}: {word.Meaning.Reason}";
            }

            if (word.Meaning.Kind == WordKind.Unknown && (n > hits[0] || kind == TextKind.Description))
            {
                return $"{Quote(word.Text)} is not a known word";
            }

            if (word.Meaning.Kind == WordKind.Hint && (n > hits[0] || kind == TextKind.Description) && !Suits(word, modality))
            {
                return $"{Quote(words[hits[^1]].Text)} with {Quote(word.Text)}";
            }
        }

        // P1_reg_to_T1 is something else that was registered to the T1; space-T1 says where it lies.
        if (kind == TextKind.Name && hits[0] > 0 && words[hits[0] - 1].Text is "to" or "in" or "into" or "onto" or "on" or "from" or "over" or "vs" or "minus" or "no" or "not" or "non" or "space" or "reg" or "coreg" or "registered"
            || (kind == TextKind.Name && hits[0] > 1 && words[hits[0] - 1].Text == "2" && words[hits[0] - 2].Text is "reg" or "coreg" or "registered"))
        {
            return $"{Quote(words[hits[0] - 1].Text)} before {Quote(words[hits[0]].Text)} may say where another image lies";
        }

        return modality is Modalities.T2 or Modalities.Pd && words.Any(w => w.Text is "ir" or "irprep") ? "inversion recovery may make it a FLAIR or STIR"
            : modality is Modalities.T1 or Modalities.T1c or Modalities.T2 or Modalities.Pd && words.Any(w => w.Text is "epi" or "ep2d") ? "echo-planar images are mostly perfusion or diffusion"
            : words.Any(w => w.Text == "mp2rage") ? "MP2RAGE makes several images of which one is T1 weighted"
            : modality == Modalities.Dwi && words.Count(w => w.Text.Length > 2 && w.Text[0] == 'b' && char.IsAsciiDigit(w.Text[1])) > 1 ? "several diffusion weightings"
            : kind == TextKind.Name && words[0].Text == "diff" && hits[0] == 0 ? "difference or diffusion"
            : null;
    }

    /// <summary>FLASH and VIBE are T1 weighted and carry time-of-flight angiographies; the other hints suit what they hint at.</summary>
    private static bool Suits(Word hint, string modality) =>
        hint.Meaning.Modality == (modality == Modalities.T1c ? Modalities.T1 : modality)
        || (modality == Modalities.Mra && hint.Meaning.Modality == Modalities.T1) || (modality == Modalities.Adc && hint.Meaning.Modality == Modalities.Dwi);

    private static bool Contrasted(IReadOnlyList<Word> words, string modality) =>
        modality == Modalities.T1 && words.Any(w => w.Meaning.Kind is WordKind.Contrast or WordKind.PerhapsContrast) && !words.Any(w => w.Meaning.Kind == WordKind.Native);

    private static ModalityProposal WithContrast(IReadOnlyList<Word> words, int[] hits, string modality, TextKind kind)
    {
        var given = words.Where(w => w.Meaning.Kind == WordKind.Contrast).ToArray();
        var perhaps = words.Index().Where(w => w.Item.Meaning.Kind == WordKind.PerhapsContrast).ToArray();
        var native = words.Index().Where(w => w.Item.Meaning.Kind == WordKind.Native).ToArray();
        var said = $"{Quote(words[hits[^1]].Text)} names it";
        if (modality is not (Modalities.T1 or Modalities.T1c))
        {
            return given.Length == 0 && perhaps.Length == 0 ? ModalityProposal.Certain(modality, said) : ModalityProposal.Uncertain(modality, "with contrast agent");
        }

        if (native.Length > 0 && (given.Length > 0 || perhaps.Length > 0 || modality == Modalities.T1c))
        {
            return ModalityProposal.Uncertain(modality, "it speaks of both with and without contrast agent");
        }

        if (native.Length > 0)
        {
            // "pre" before T1 in a file name may be a time: before an operation.
            return kind == TextKind.Description || native.All(w => w.Index > hits[0])
                ? ModalityProposal.Certain(modality, $"{said}, without contrast agent")
                : ModalityProposal.Uncertain(modality, $"{Quote(native[0].Item.Text)} before T1 may be a time");
        }

        if (modality == Modalities.T1c || given.Length > 0)
        {
            return ModalityProposal.Certain(Modalities.T1c, given.Length > 0 ? $"{said}, {Quote(given[0].Text)} contrast agent" : said);
        }

        if (perhaps.Length == 0)
        {
            return words.Index().Any(w => w.Index > hits[0] && w.Item.Text == "c")
                ? ModalityProposal.Uncertain(Modalities.T1c, "'c' may say contrast agent")
                : ModalityProposal.Certain(modality, said);
        }

        return kind == TextKind.Description || perhaps.Any(w => w.Index > hits[0])
            ? ModalityProposal.Certain(Modalities.T1c, $"{said}, {Quote(perhaps[0].Item.Text)} contrast agent")
            : ModalityProposal.Uncertain(Modalities.T1c, $"{Quote(perhaps[0].Item.Text)} before T1 may say contrast agent or something else");
    }

    private static string Quote(string word) => $"'{word}'";
}
