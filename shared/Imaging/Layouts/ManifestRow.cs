namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>Whether a series of a manifest is used.</summary>
public enum SeriesStatus
{
    /// <summary>Used.</summary>
    Accepted,

    /// <summary>A person has to decide; the case is not used before.</summary>
    Uncertain,

    /// <summary>Left out.</summary>
    Ignored,
}

/// <summary>One line of a manifest: one series of one examination.</summary>
/// <param name="Subject">Pseudonym, or whatever the author of the manifest wrote.</param>
/// <param name="Session">Examination of a subject that has several; may be empty.</param>
/// <param name="Modality">Canonical modality, <see cref="Segmentation"/>, or empty when unknown.</param>
/// <param name="File">Where the volume lies.</param>
/// <param name="Status">Whether it is used.</param>
/// <param name="Reason">Why the modality and the status were proposed; for people.</param>
public sealed record ManifestRow(string Subject, string Session, string Modality, SeriesFile File, SeriesStatus Status, string Reason)
{
    /// <summary>"Modality" of a label map.</summary>
    public const string Segmentation = "seg";

    /// <summary>Class of the case for classification; may be empty. The same on all lines of a case.</summary>
    public string Class { get; init; } = "";
}
