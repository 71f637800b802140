namespace BrainMVP.Federated.Imaging.Layouts.Naming;

/// <summary>A name that nobody standardised: SUBJECT_MODALITY, SUBJECT_SESSION_MODALITY, and whatever else people write.</summary>
/// <param name="Subject">What stands before the modality, without the examination; may be empty.</param>
/// <param name="Session">Examination; may be empty.</param>
/// <param name="Proposal">The modality.</param>
/// <param name="IsSilent">No word says anything about a modality.</param>
internal sealed record FreeName(string Subject, string Session, ModalityProposal Proposal, bool IsSilent)
{
    private static readonly char[] Separators = ['_', '-', ' ', '.', '|', '+'];

    /// <param name="stem">File name without extension.</param>
    public static FreeName Parse(string stem)
    {
        var words = Words.Of(stem);
        var reading = ModalityReader.Read(words, TextKind.Name);
        var label = LabelNames.Read(stem);
        var proposal = label?.Proposal ?? reading.Proposal;

        // The subject ends where the first word about the image begins; a name that begins with such a word (PD_001_T1)
        // is cut at the last one.
        var cut = label is { } found ? reading.First > 0 ? Math.Min(reading.First, found.Start) : found.Start
            : reading.First > 0 ? reading.First
            : reading.First == 0 && reading.Last > 0 && proposal.Status != SeriesStatus.Accepted ? reading.Last
            : reading.First == 0 ? 0
            : CutOfSilent(words, proposal, stem.Length);
        var (subject, session) = SessionNames.Take(Trimmed(stem, cut, words));
        return new FreeName(subject, session, proposal, label is null && reading.IsSilent);
    }

    private static int CutOfSilent(IReadOnlyList<Word> words, ModalityProposal proposal, int whole)
    {
        if (proposal.Status == SeriesStatus.Uncertain && proposal.Modality.Length == 0)
        {
            return whole;
        }

        // Hints and exclusions: x_FL, x_localizer.
        var word = words.FirstOrDefault(w => w.Meaning.Kind is WordKind.Hint or WordKind.Excluded or WordKind.PerhapsExcluded or WordKind.Contrast && w.Start > 0);
        return word.Text is null ? 0 : word.Start;
    }

    /// <summary>Leaves out "ax", "3d", "brain" before the modality; numbers may be the subject's.</summary>
    private static string Trimmed(string stem, int cut, IReadOnlyList<Word> words)
    {
        if (cut < stem.Length)
        {
            foreach (var word in words.Reverse().Where(w => w.Start < cut))
            {
                if (word.Start == 0 || word.Meaning.Kind != WordKind.Neutral || (word.Text is not ("2d" or "3d") && word.Text.Any(char.IsAsciiDigit)))
                {
                    break;
                }

                cut = word.Start;
            }
        }

        return stem[..cut].Trim(Separators);
    }
}
