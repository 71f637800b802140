using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Dicom;

/// <summary>What repetition, echo and inversion time (milliseconds) say about the weighting.</summary>
internal static class SequenceTiming
{
    /// <summary>The modality whose usual timing this is; empty when none fits.</summary>
    public static (string Modality, string Why) Guess(DicomHeader header)
    {
        if (header is not { RepetitionTime: { } repetition, EchoTime: { } echo })
        {
            return ("", "");
        }

        var inversion = header.InversionTime;
        var sequence = header.ScanningSequence;
        var (isEcho, isGradient, isPlanar) = (sequence.Contains("SE"), sequence.Contains("GR"), sequence.Contains("EP"));
        var why = FormattableString.Invariant($"TR {repetition:0.#}, TE {echo:0.#}{(inversion is null ? "" : $", TI {inversion:0.#}")} ms suit");
        return (inversion, isPlanar) switch
        {
            ( >= 1500 and <= 3000, false) when repetition > 4000 && echo > 70 => (Modalities.Flair, $"{why} FLAIR"),
            ( >= 400 and <= 1400, false) when echo < 30 => (Modalities.T1, $"{why} T1"),
            (null, false) when isEcho && !isGradient && echo > 75 && repetition > 2000 => (Modalities.T2, $"{why} T2"),
            (null, false) when isEcho && !isGradient && echo < 30 && repetition < 1000 => (Modalities.T1, $"{why} T1"),
            (null, false) when isEcho && !isGradient && echo < 35 && repetition > 1800 => (Modalities.Pd, $"{why} PD"),
            _ => ("", ""),
        };
    }

    /// <summary>Why the timing cannot be that of a modality; null when it can, or when there is none. The limits are wide: 3-D FLAIR at 7 T and fast spin echo included.</summary>
    public static string? Contradiction(DicomHeader header, string modality)
    {
        if (header is not { RepetitionTime: { } repetition, EchoTime: { } echo } || (repetition == 0 && echo == 0))
        {
            return null;
        }

        var inversion = header.InversionTime ?? 0;
        var isPlanar = header.ScanningSequence.Contains("EP");
        var fits = modality switch
        {
            Modalities.T1 or Modalities.T1c => echo < 50 && inversion is 0 or (>= 300 and <= 1500) && (repetition < 1800 || inversion > 0) && !isPlanar,
            Modalities.T2 => echo >= 55 && repetition >= 1400 && inversion < 1400 && !isPlanar,
            Modalities.Flair => echo >= 55 && repetition >= 3500 && inversion is 0 or >= 1300,
            Modalities.Pd => echo < 60 && repetition >= 900 && inversion == 0 && !isPlanar,
            Modalities.Mra => echo < 15 && repetition < 200,
            Modalities.Dwi => echo >= 35 && repetition >= 1000,
            _ => true,
        };
        return fits ? null : FormattableString.Invariant($"TR {repetition:0.#}, TE {echo:0.#}{(inversion > 0 ? $", TI {inversion:0.#}" : "")} ms do not suit it");
    }
}
