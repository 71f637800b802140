using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.SiteAgent.Trainer;

namespace BrainMVP.Federated.SiteAgent.Data;

/// <summary>From the hospital's files to cases that can be trained on.</summary>
public static class DataPreparation
{
    /// <summary>Scans and prepares a data folder for a plan. What <c>data prepare</c> left beside the data is not prepared again.</summary>
    /// <param name="dataPath">Folder or CSV manifest.</param>
    /// <param name="plan">Spacing, canvas and scaling.</param>
    /// <param name="folder">Receives the prepared volumes.</param>
    /// <param name="progress">Told the cases done and the cases in total.</param>
    /// <exception cref="FederationException">BMF-1101, BMF-1109, BMF-1110, BMF-1403.</exception>
    public static PreparedSummary Prepare(string dataPath, Plan plan, string folder, Action<long, long> progress, CancellationToken cancellation) =>
        Prepare(dataPath, plan, folder, [], progress, cancellation);

    /// <inheritdoc cref="Prepare(string, Plan, string, Action{long, long}, CancellationToken)"/>
    /// <param name="reuse">Further folders that may hold the same cases.</param>
    public static PreparedSummary Prepare(string dataPath, Plan plan, string folder, IReadOnlyList<string> reuse, Action<long, long> progress, CancellationToken cancellation)
    {
        progress(0, 0);
        var scan = DatasetScanner.Scan(dataPath);
        return Summarise(PreparedDataset.Prepare(scan, plan.Imaging, folder, [.. reuse, .. ReusableCaches.Of(dataPath)], new Direct(progress), cancellation));
    }

    /// <summary>What a prepared data set holds, case by case.</summary>
    public static PreparedSummary Summarise(PreparedDataset dataset) => new()
    {
        Profile = dataset.Profile(),
        Cases =
        [
            .. dataset.Cases.Select(c => new CaseSummary(c.Name, c.Modalities, null, c.Notes))
                .Concat(dataset.Skipped.Select(s => new CaseSummary(s.Subject, [], $"{s.Error} {s.Detail}", [])))
                .OrderBy(c => c.Subject, StringComparer.Ordinal),
        ],
    };

    /// <summary>Reports on the thread that does the work; <see cref="Progress{T}"/> would post to another.</summary>
    private sealed class Direct(Action<long, long> sink) : IProgress<PreparationProgress>
    {
        public void Report(PreparationProgress value) => sink(value.Done, value.Total);
    }
}
