using BrainMVP.Federated.Contracts.Documents;
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

    /// <summary>Sums by region or class; a class that no case has is left out.</summary>
    /// <inheritdoc cref="Run"/>
    public IReadOnlyDictionary<string, ScoreSum> Scores(VolumePredictor predictor, Action<int, int> progress, CancellationToken ct)
    {
        var sums = new SortedDictionary<string, ScoreSum>(StringComparer.Ordinal);
        if (task.Kind == TaskKinds.Segmentation)
        {
            var values = DiceByCase(predictor, progress, ct);
            foreach (var (index, region) in _regions.Index())
            {
                sums.Add(region.Name, new ScoreSum(values.Sum(v => v[index]), values.Count));
            }

            return sums;
        }

        var hits = ClassScores(predictor, progress, ct).Select((s, n) => (cases[n].Class, Hit: Best(s) == cases[n].Class));
        foreach (var ofClass in hits.GroupBy(h => h.Class))
        {
            sums.Add(task.Classes[ofClass.Key], new ScoreSum(ofClass.Count(h => h.Hit), ofClass.Count()));
        }

        return sums;
    }

    private (double, IReadOnlyDictionary<string, double>) Segmentation(VolumePredictor predictor, Action<int, int> progress, CancellationToken ct)
    {
        var values = DiceByCase(predictor, progress, ct);
        var means = MetricMean.PerChannel(values);
        return (MetricMean.OverCases(values).Value, Named(_regions.Select(r => r.Name), means.Select(m => m.Value)));
    }

    private (double, IReadOnlyDictionary<string, double>) Classification(VolumePredictor predictor, Action<int, int> progress, CancellationToken ct)
    {
        var scores = ClassScores(predictor, progress, ct);
        var areas = Enumerable.Range(0, task.Classes.Count)
            .Select(k => AreaUnderRoc.Of(scores.Select(s => s[k]).ToArray(), cases.Select(c => c.Class == k).ToArray())).ToArray();
        var hits = scores.Where((s, n) => Best(s) == cases[n].Class).Count();
        return (areas.Any(double.IsNaN) ? (double)hits / cases.Count : areas.Average(), Named(task.Classes, areas));
    }

    /// <summary>Dice of every region, case after case; 1 where neither has a voxel.</summary>
    private List<double[]> DiceByCase(VolumePredictor predictor, Action<int, int> progress, CancellationToken ct)
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

        return values;
    }

    private List<double[]> ClassScores(VolumePredictor predictor, Action<int, int> progress, CancellationToken ct)
    {
        var scores = new List<double[]>();
        foreach (var item in cases)
        {
            ct.ThrowIfCancellationRequested();
            scores.Add(predictor.Classify(item.Volumes));
            progress(scores.Count, cases.Count);
        }

        return scores;
    }

    private static int Best(double[] scores) => Array.IndexOf(scores, scores.Max());

    private static SortedDictionary<string, double> Named(IEnumerable<string> names, IEnumerable<double> values) =>
        new(names.Zip(values).Where(p => !double.IsNaN(p.Second)).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal), StringComparer.Ordinal);
}
