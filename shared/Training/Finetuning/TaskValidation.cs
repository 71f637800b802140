using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Imaging.Metrics;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>Measures a network on held-out cases, on the grid it was trained on.</summary>
/// <param name="task">Regions or classes.</param>
/// <param name="cases">At least one.</param>
public sealed class TaskValidation(FinetuneTask task, IReadOnlyList<LabelledCase> cases)
{
    private readonly IReadOnlyList<LabelRegion> _regions = LabelRegion.Of(task);
    private readonly LabelVolumes _labels = new(LabelRegion.Of(task));

    /// <param name="predictor">Of the network.</param>
    /// <param name="progress">Told the cases done and the cases in total.</param>
    /// <param name="ct">Stops between two windows.</param>
    /// <returns>The score (larger is better) and its parts; see <see cref="FinetuneValidation"/>.</returns>
    public (double Score, IReadOnlyDictionary<string, double> ByOutput) Run(VolumePredictor predictor, Action<int, int> progress, CancellationToken ct) =>
        task.Kind == TaskKinds.Segmentation ? Segmentation(predictor, progress, ct) : Classification(predictor, progress, ct);

    private (double, IReadOnlyDictionary<string, double>) Segmentation(VolumePredictor predictor, Action<int, int> progress, CancellationToken ct)
    {
        var values = new List<double[]>();
        foreach (var item in cases)
        {
            ct.ThrowIfCancellationRequested();
            var probabilities = predictor.Segment(item.Volumes, ct);
            var (voxels, labels) = (probabilities.Length / _regions.Count, _labels.Of(item));
            values.Add([.. Enumerable.Range(0, _regions.Count).Select(region => Dice.Of(
                Threshold.Apply(probabilities.AsSpan(region * voxels, voxels), ThresholdRule.Above), labels.Region(region), EmptyTruth.Scored))]);
            progress(values.Count, cases.Count);
        }

        var means = MetricMean.PerChannel(values);
        return (MetricMean.OverCases(values).Value, Named(_regions.Select(r => r.Name), means.Select(m => m.Value)));
    }

    private (double, IReadOnlyDictionary<string, double>) Classification(VolumePredictor predictor, Action<int, int> progress, CancellationToken ct)
    {
        var (scores, truth) = (new List<double[]>(), new List<int>());
        foreach (var item in cases)
        {
            ct.ThrowIfCancellationRequested();
            scores.Add(predictor.Classify(item.Volumes));
            truth.Add(item.Class);
            progress(scores.Count, cases.Count);
        }

        var areas = Enumerable.Range(0, task.Classes.Count)
            .Select(k => AreaUnderRoc.Of(scores.Select(s => s[k]).ToArray(), truth.Select(t => t == k).ToArray())).ToArray();
        var hits = scores.Where((s, n) => Array.IndexOf(s, s.Max()) == truth[n]).Count();
        return (areas.Any(double.IsNaN) ? (double)hits / cases.Count : areas.Average(), Named(task.Classes, areas));
    }

    private static SortedDictionary<string, double> Named(IEnumerable<string> names, IEnumerable<double> values) =>
        new(names.Zip(values).Where(p => !double.IsNaN(p.Second)).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal), StringComparer.Ordinal);
}
