using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Dicom;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>One series that a scan found, used or not.</summary>
public sealed record SeriesFinding
{
    /// <summary>Name of its data set below the folder that was scanned; empty when the whole folder is one.</summary>
    public required string Dataset { get; init; }

    /// <summary>How the data set is laid out, for people.</summary>
    public required string Layout { get; init; }

    /// <summary>Unique in its data set.</summary>
    public required string Subject { get; init; }

    /// <summary>Examination; empty when none is told.</summary>
    public required string Session { get; init; }

    /// <summary>The NIfTI file; for an unconverted DICOM series its first file.</summary>
    public required SeriesFile File { get; init; }

    public required ModalityProposal Proposal { get; init; }

    /// <summary>Class of the case; empty without one.</summary>
    public string Class { get; init; } = "";

    /// <summary>The number of the error that makes the series unusable; null without one.</summary>
    public ErrorCode? Error { get; init; }

    /// <summary>Why the whole case is left out; null when only the series is.</summary>
    public string? CaseProblem { get; init; }

    /// <summary>The files of a DICOM series; null for NIfTI.</summary>
    public DicomSeries? Dicom { get; init; }

    /// <summary>The series is still DICOM and has to be converted before it can be used.</summary>
    public bool NeedsConversion { get; init; }

    public SeriesStatus Status => Proposal.Status;

    public string Modality => Proposal.Modality;

    /// <summary>Subject, unique in everything that was scanned: subjects of two data sets are two, even of the same name.</summary>
    public string FullSubject => Dataset.Length == 0 ? Subject : $"{Dataset.Replace('/', '_')}__{Subject}";
}

/// <summary>One data set of a scanned folder.</summary>
/// <param name="Name">Path below the scanned folder; empty for the folder itself.</param>
/// <param name="Layout">How it is laid out, with the evidence.</param>
/// <param name="Note">What else a person should know; may be empty.</param>
public sealed record ScannedDataset(string Name, string Layout, string Note);
