namespace BrainMVP.Federated.Imaging.Layouts.Naming;

internal enum WordKind
{
    /// <summary>Could mean anything.</summary>
    Unknown,

    /// <summary>Orientation, sequence, resolution, processing: says nothing about the modality and does no harm.</summary>
    Neutral,

    /// <summary>Names a modality.</summary>
    Modality,

    /// <summary>Suggests a modality that it does not prove.</summary>
    Hint,

    /// <summary>Contrast agent was given.</summary>
    Contrast,

    /// <summary>Contrast agent was given, if it stands behind T1 or in a scanner's description; otherwise perhaps something else.</summary>
    PerhapsContrast,

    /// <summary>Before or without contrast agent.</summary>
    Native,

    /// <summary>No series of the eight modalities, whatever else the text says.</summary>
    Excluded,

    /// <summary>No series of the eight modalities, unless the text names one.</summary>
    PerhapsExcluded,

    /// <summary>No series of the eight modalities when it comes last; elsewhere perhaps somebody's initials.</summary>
    ExcludedAtEnd,

    /// <summary>Whatever modality the text names, a person should look.</summary>
    Caution,
}

/// <param name="Modality">Of <see cref="WordKind.Modality"/> and <see cref="WordKind.Hint"/>.</param>
/// <param name="Reason">Of exclusions and cautions.</param>
internal readonly record struct WordMeaning(WordKind Kind, string Modality = "", string Reason = "");
