using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.SiteAgent.Trainer;
using BrainMVP.Federated.Training.Finetuning;

namespace BrainMVP.Federated.SiteAgent.Data;

/// <summary>From the hospital's files to labelled cases that a supervised run can learn from.</summary>
public static class LabelledPreparation
{
    /// <summary>Scans and prepares volumes and labels. A site may lack a region or a class: others have it.</summary>
    /// <param name="dataPath">Folder or CSV manifest.</param>
    /// <param name="task">Modalities, imaging, regions or classes.</param>
    /// <param name="folder">Receives the prepared volumes and labels.</param>
    /// <param name="reuse">Further folders that may hold the same volumes.</param>
    /// <param name="progress">Told the cases done and the cases in total.</param>
    /// <exception cref="Contracts.Errors.FederationException">BMF-1101, 1109, 1110, 1113, BMF-1123 when no case has labels; BMF-1403.</exception>
    public static PreparedSummary Prepare(string dataPath, FinetuneTask task, string folder, IReadOnlyList<string> reuse, Action<long, long> progress, CancellationToken cancellation)
    {
        progress(0, 0);
        using var data = LabelledDataset.Prepare(task, dataPath, folder, [.. reuse, .. ReusableCaches.Of(dataPath)], (done, total) => progress(done, total), cancellation);
        return new PreparedSummary
        {
            Profile = new DataProfile
            {
                Cases = data.Cases.Count,
                CasesByModality = data.Cases.SelectMany(c => c.Volumes.Modalities).GroupBy(m => m, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal),
                SkippedByReason = data.Unused.GroupBy(u => u.Error, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal),
            },
            Cases =
            [
                .. data.Cases.Select(c => new CaseSummary(c.Name, c.Volumes.Modalities, null, []))
                    .Concat(data.Unused.Select(u => new CaseSummary(u.Name, [], $"{u.Error} {u.Detail}", [])))
                    .OrderBy(c => c.Subject, StringComparer.Ordinal),
            ],
        };
    }
}
