namespace BrainMVP.Federated.Imaging.Dicom;

/// <summary>What the header of one DICOM file says about its series. Texts are trimmed and without control characters.</summary>
public sealed record DicomHeader
{
    /// <summary>SOP class: what kind of object the file is.</summary>
    public string SopClass { get; init; } = "";

    /// <summary>MR, CT, SR, ...</summary>
    public string Modality { get; init; } = "";

    /// <summary>Groups the files of one person; a manifest holds a pseudonym of it.</summary>
    public string PatientId { get; init; } = "";

    public string StudyUid { get; init; } = "";

    public string SeriesUid { get; init; } = "";

    /// <summary>YYYYMMDD, orders the examinations of a person.</summary>
    public string StudyDate { get; init; } = "";

    public string Description { get; init; } = "";

    public string Protocol { get; init; } = "";

    public string SequenceName { get; init; } = "";

    public string BodyPart { get; init; } = "";

    public string ContrastAgent { get; init; } = "";

    public string AngioFlag { get; init; } = "";

    public IReadOnlyList<string> ImageType { get; init; } = [];

    /// <summary>SE, IR, GR, EP, RM.</summary>
    public IReadOnlyList<string> ScanningSequence { get; init; } = [];

    public IReadOnlyList<string> SequenceVariant { get; init; } = [];

    /// <summary>Milliseconds; null when not given.</summary>
    public double? RepetitionTime { get; init; }

    /// <summary>Milliseconds; null when not given.</summary>
    public double? EchoTime { get; init; }

    /// <summary>Milliseconds; null when not given or 0.</summary>
    public double? InversionTime { get; init; }

    public int Frames { get; init; } = 1;

    /// <summary>Enhanced MR keeps its timing per frame, where this header does not look.</summary>
    public bool IsEnhanced => SopClass is "1.2.840.10008.5.1.4.1.1.4.1" or "1.2.840.10008.5.1.4.1.1.4.4";

    /// <summary>Classic, enhanced or converted MR image.</summary>
    public bool IsMrImage => IsEnhanced || SopClass == "1.2.840.10008.5.1.4.1.1.4";
}
