using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Metrics;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;
using BrainMVP.Federated.Training.Finetuning;

namespace BrainMVP.Federated.SiteAgent.Evaluation;

/// <summary>A folder of predictions.</summary>
/// <param name="Site">Name in the tables.</param>
/// <param name="Folder">Holds predictions.json.</param>
public sealed record PredictionFolder(string Site, string Folder)
{
    /// <exception cref="FederationException">BMF-1006 when it holds no predictions, BMF-1011 when they are malformed.</exception>
    public PredictionDocument Read()
    {
        var path = Path.Combine(Folder, PredictionDocument.FileName);
        return File.Exists(path)
            ? CanonicalJson.Read<PredictionDocument>(File.ReadAllBytes(path))
            : throw ErrorCatalogue.ArgumentInvalid.With($"{Folder} holds no {PredictionDocument.FileName}; `site-agent predict` makes such folders.");
    }
}

/// <summary>
/// Measures written predictions against the true labels of a data set, each case on the grid of its own label map. A
/// prediction on another grid is moved there first, nearest voxel.
/// </summary>
public sealed class PredictionEvaluation
{
    private readonly Dictionary<string, ScannedCase> _truth;
    private readonly SortedDictionary<string, string> _leftOut = new(StringComparer.Ordinal);

    /// <param name="dataPath">Folder or CSV manifest with the true labels.</param>
    /// <exception cref="FederationException">BMF-1101, 1109, 1110 or 1113.</exception>
    public PredictionEvaluation(string dataPath) => _truth = DatasetScanner.Scan(dataPath).Cases.ToDictionary(c => c.Name, StringComparer.Ordinal);

    /// <summary>Cases that could not be measured, and why.</summary>
    public IReadOnlyDictionary<string, string> LeftOut => _leftOut;

    /// <summary>Scores of the cases of a folder, in ordinal order of names.</summary>
    /// <param name="progress">Told the cases done and the cases in total.</param>
    public IReadOnlyList<CaseScores> Measure(PredictionFolder folder, Action<int, int> progress, CancellationToken ct)
    {
        var document = folder.Read();
        foreach (var unused in document.Unused)
        {
            _leftOut[unused.Name] = $"{unused.Error} {unused.Detail}";
        }

        var scores = new List<CaseScores>();
        foreach (var (index, predicted) in document.Cases.Index())
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                scores.Add(Measure(folder, document.Task, predicted));
            }
            catch (FederationException e) when (e.Code.Number is >= 1100 and < 1200)
            {
                _leftOut[predicted.Name] = $"{e.Code.Id} {e.Message}";
            }

            progress(index + 1, document.Cases.Count);
        }

        return scores;
    }

    /// <summary>What a picture of a case shows: an image, and truth and prediction of all regions together.</summary>
    /// <exception cref="FederationException">BMF-1102 to 1105 or 1122.</exception>
    public (Volume Image, bool[] Truth, bool[] Prediction, string Modality) Picture(PredictionFolder folder, CaseScores scores)
    {
        var (document, scanned) = (folder.Read(), _truth[scores.Name]);
        var (truth, prediction) = Maps(folder, document.Cases.First(c => c.Name == scores.Name), scanned);
        var modality = document.Task.Modalities.OrderByDescending(m => m == Contracts.Identity.Modalities.Flair).First(scanned.Series.ContainsKey);
        var image = NiftiReader.Read(scanned.Series[modality].Path, scanned.Series[modality].Volume);
        byte[] any = [.. LabelRegion.Of(document.Task).SelectMany(r => r.Labels)];
        return (image.SharesGridWith(truth) ? image : Resampling.To(image, truth), Inside(truth, any), Inside(prediction, any), modality);
    }

    private CaseScores Measure(PredictionFolder folder, FinetuneTask task, PredictedCase predicted)
    {
        if (!_truth.TryGetValue(predicted.Name, out var scanned))
        {
            throw ErrorCatalogue.NoLabelledCase.With("The data have no such case.");
        }

        var scores = new CaseScores(folder.Site, predicted.Name, predicted.Missing);
        if (task.Kind == TaskKinds.Classification)
        {
            return task.Classes.Contains(scanned.Class, StringComparer.Ordinal)
                ? scores with { Scores = predicted.Scores, Predicted = predicted.Class, Truth = scanned.Class }
                : throw ErrorCatalogue.NoLabelledCase.With($"Its class \"{scanned.Class}\" is none of {string.Join(", ", task.Classes)}.");
        }

        var (truth, prediction) = Maps(folder, predicted, scanned);
        var regions = new OrderedDictionary<string, RegionScore>(StringComparer.Ordinal);
        foreach (var region in LabelRegion.Of(task))
        {
            regions.Add(region.Name, Score(truth, Inside(prediction, region.Labels), Inside(truth, region.Labels)));
        }

        return scores with { Regions = regions };
    }

    private static (Volume Truth, Volume Prediction) Maps(PredictionFolder folder, PredictedCase predicted, ScannedCase scanned)
    {
        var truth = PreparedLabels.ReadMap(scanned.Segmentation ?? throw ErrorCatalogue.NoLabelledCase.With("It has no label map."));
        var prediction = PreparedLabels.ReadMap(new SeriesFile(Path.Combine(folder.Folder, Path.GetFileName(predicted.Labels))));
        return (truth, prediction.SharesGridWith(truth) ? prediction : LabelResampling.To(prediction, truth));
    }

    private static bool[] Inside(Volume map, IEnumerable<byte> labels)
    {
        var isInside = new bool[byte.MaxValue + 1];
        foreach (var label in labels)
        {
            isInside[label] = true;
        }

        return Array.ConvertAll(map.Voxels, v => isInside[(byte)v]);
    }

    private static RegionScore Score(Volume grid, bool[] prediction, bool[] truth)
    {
        var spacing = grid.Affine.Spacing;
        var millilitres = spacing.X * spacing.Y * spacing.Z / 1000;
        var distance = HausdorffDistance.At95(prediction, truth, grid.Shape, (spacing.X, spacing.Y, spacing.Z), EmptyMask.Monai);
        return new RegionScore(
            Dice.Of(prediction, truth, EmptyTruth.Scored),
            double.IsFinite(distance) ? distance : null,
            truth.Count(v => v) * millilitres,
            prediction.Count(v => v) * millilitres);
    }
}
