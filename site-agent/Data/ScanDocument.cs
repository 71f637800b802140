using BrainMVP.Federated.Imaging.Layouts;

namespace BrainMVP.Federated.SiteAgent.Data;

/// <summary>Content of scan.json: everything that a scan found, with reasons. It stays at the site.</summary>
internal sealed record ScanDocument
{
    /// <summary>What was scanned.</summary>
    public required string Path { get; init; }

    public required IReadOnlyList<ScannedDataset> Datasets { get; init; }

    public required int Certain { get; init; }

    public required int Uncertain { get; init; }

    public required int Ignored { get; init; }

    /// <summary>Folders that could not be read.</summary>
    public required IReadOnlyList<string> UnreadableFolders { get; init; }

    public required IReadOnlyList<ScanDocumentSeries> Series { get; init; }

    public static ScanDocument Of(ScanFindings findings, ScanNames names) => new()
    {
        Path = findings.Path,
        Datasets = findings.Datasets,
        Certain = findings.Series.Count(s => s.Status == SeriesStatus.Accepted),
        Uncertain = findings.Series.Count(s => s.Status == SeriesStatus.Uncertain),
        Ignored = findings.Series.Count(s => s.Status == SeriesStatus.Ignored),
        UnreadableFolders = findings.Unreadable,
        Series =
        [
            .. findings.Series.Select(s => new ScanDocumentSeries(
                s.Dataset, s.Layout, names.Subject(s), names.Session(s), s.File.Path, s.File.Volume, s.Modality,
                s.Status == SeriesStatus.Accepted ? "certain" : s.Status.ToString().ToLowerInvariant(), s.Proposal.Reason, s.Error?.Id, s.CaseProblem, s.Dicom?.Files.Count)),
        ],
    };
}

/// <param name="Subject">As in the manifest.</param>
/// <param name="Volume">0-based volume of a file that holds several.</param>
/// <param name="Modality">The proposal; empty when there is none.</param>
/// <param name="Certainty">certain, uncertain or ignored.</param>
/// <param name="Error">For example BMF-1103.</param>
/// <param name="Detail">Of the error.</param>
/// <param name="DicomFiles">Number of files of a DICOM series.</param>
internal sealed record ScanDocumentSeries(
    string Dataset, string Layout, string Subject, string Session, string Path, int? Volume, string Modality, string Certainty, string Reason, string? Error, string? Detail, int? DicomFiles);
