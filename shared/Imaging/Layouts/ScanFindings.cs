using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>Everything that a scan found.</summary>
/// <param name="Path">What was scanned.</param>
/// <param name="Datasets">The data sets of the folder.</param>
/// <param name="Series">Every series, by data set, subject, session and path.</param>
/// <param name="Unreadable">Folders that may not be read.</param>
public sealed record ScanFindings(string Path, IReadOnlyList<ScannedDataset> Datasets, IReadOnlyList<SeriesFinding> Series, IReadOnlyList<string> Unreadable)
{
    /// <summary>
    /// The same with every certain series that has a twin of its modality in its examination made uncertain: which of
    /// the two is wanted, only a person can say.
    /// </summary>
    public ScanFindings WithTwinsUncertain()
    {
        var twins = Series.Where(s => s.Status == SeriesStatus.Accepted)
            .GroupBy(s => (s.FullSubject, s.Session, s.Modality))
            .Where(g => g.Count() > 1)
            .ToDictionary(g => g.Key, g => g.ToArray());
        return this with
        {
            Series =
            [
                .. Series.Select(s => s.Status == SeriesStatus.Accepted && twins.TryGetValue((s.FullSubject, s.Session, s.Modality), out var group)
                    ? s with { Error = ErrorCatalogue.ModalityDuplicate, Proposal = s.Proposal.Doubted($"{group.Length} series of the examination are {s.Modality}: {string.Join(", ", group.Take(4).Select(g => System.IO.Path.GetFileName(g.File.ToString())))}") }
                    : s),
            ],
        };
    }
}
