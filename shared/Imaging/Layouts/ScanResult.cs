using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>One examination of one subject with its series.</summary>
/// <param name="Subject">Name from the folder, the file names or the manifest.</param>
/// <param name="Series">By canonical modality, in canonical order.</param>
public sealed record ScannedCase(string Subject, IReadOnlyDictionary<string, SeriesFile> Series)
{
    /// <summary>Examination of a subject that has several; empty otherwise.</summary>
    public string Session { get; init; } = "";

    /// <summary>Label map of the case; null without one.</summary>
    public SeriesFile? Segmentation { get; init; }

    /// <summary>Class of the case for classification; empty without one.</summary>
    public string Class { get; init; } = "";

    /// <summary>Subject and session, unique in a data set.</summary>
    public string Name => Session.Length == 0 ? Subject : $"{Subject}_{Session}";
}

/// <summary>One subject that was left out, and why.</summary>
public sealed record SkippedCase(string Subject, ErrorCode Error, string Detail);

/// <summary>What a data folder or manifest holds, cases in ordinal order of names.</summary>
/// <param name="Cases">With the series that are certain, at least one each.</param>
/// <param name="Skipped">Cases that were left out as a whole.</param>
/// <param name="Ignored">Images that belong to no case; masks are not listed.</param>
public sealed record ScanResult(IReadOnlyList<ScannedCase> Cases, IReadOnlyList<SkippedCase> Skipped, IReadOnlyList<string> Ignored)
{
    /// <summary>Every series that was found, also those that are uncertain or ignored, with reasons.</summary>
    public IReadOnlyList<SeriesFinding> Findings { get; init; } = [];

    /// <summary>The data sets of the folder.</summary>
    public IReadOnlyList<ScannedDataset> Datasets { get; init; } = [];
}
