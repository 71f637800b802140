using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Dicom;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>One way to lay out a data set on disk.</summary>
internal interface ILayout
{
    /// <summary>What the folder is, with the evidence, for people; null when it is not laid out this way.</summary>
    string? Recognise(DatasetFolder folder);

    /// <summary>Every image of a recognised folder, those to be left out as well. No image is opened.</summary>
    /// <exception cref="FederationException">BMF-1109 or BMF-1113 when a file that describes the data set cannot be used.</exception>
    IEnumerable<LayoutSeries> Read(DatasetFolder folder);
}

/// <summary>One series as a layout names it.</summary>
/// <param name="Subject">Unique in its data set.</param>
/// <param name="Session">Examination; empty when the layout knows none.</param>
internal sealed record LayoutSeries(string Subject, string Session, SeriesFile File, ModalityProposal Proposal)
{
    /// <summary>Class of the case; empty without one.</summary>
    public string Class { get; init; } = "";

    /// <summary>The number of the error that makes the series unusable.</summary>
    public ErrorCode? Error { get; init; }

    /// <summary>Why the whole case is left out; null when only the series is.</summary>
    public string? CaseProblem { get; init; }

    /// <summary>The files behind it when it is not a NIfTI file yet.</summary>
    public DicomSeries? Dicom { get; init; }
}
