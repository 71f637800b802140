using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.SiteAgent.Trainer;
using BrainMVP.Federated.Training.Finetuning;

namespace BrainMVP.Federated.SiteAgent.Finetuning;

/// <summary>Labels cases in a trainer process and lists what it did.</summary>
public sealed class LocalPrediction(PredictionJob job, ITrainer trainer, TimeProvider time)
{
    private const string JobFolder = ".job";

    private static readonly TrainerLimits Limits = new(TimeSpan.FromHours(6), TimeSpan.FromDays(36500));

    private readonly TaskConsole _console = new(time);

    /// <exception cref="FederationException">BMF-1006, 1009, 1101, 1109, 1110, 1123, 1401, 1403, 1405, 1406, 1501, 1503, 1504, 1506 or 1603.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var task = job.Task ?? DownstreamFile.ReadTask(job.ModelPath);
        Take();
        using var guard = FolderLock.Take(Path.Combine(job.Out, "predict.lock"));
        var folder = Path.Combine(job.Out, JobFolder);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        var trainerJob = new TrainerJob
        {
            Task = TrainerTask.Predict,
            Plan = task.ToPlan() with { Rounds = new RoundsPlan(), Training = new TrainingPlan { Threads = job.Threads } },
            Site = "local",
            DataFolder = "",
            Prediction = job,
            JobFolder = folder,
        };
        var document = CanonicalJson.Read<PredictionDocument>(await trainer.RunAsync(trainerJob, Limits, line => _console.Show(0, line), cancellation));
        _console.EndLine();
        Directory.Delete(folder, recursive: true);
        Print(task, document);
    }

    /// <summary>Predictions of the same model and choices stay, older ones are replaced; anything else is left alone.</summary>
    private void Take()
    {
        if (Directory.Exists(job.Out) && Directory.EnumerateFileSystemEntries(job.Out).Any() && !File.Exists(Path.Combine(job.Out, PredictionDocument.FileName)) && !Directory.Exists(Path.Combine(job.Out, JobFolder)))
        {
            throw ErrorCatalogue.OutputNotOurs.With($"{job.Out} is not empty and holds no predictions.");
        }

        Directory.CreateDirectory(Path.Combine(job.Out, JobFolder));
    }

    private void Print(FinetuneTask task, PredictionDocument document)
    {
        foreach (var item in document.Cases)
        {
            var result = task.Kind == TaskKinds.Segmentation ? item.Labels : $"{item.Class} ({string.Join(", ", task.Classes.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c} {item.Scores[c]:F3}")))})";
            var stood = item.Missing.Count == 0 ? "" : $"; missing: {string.Join(", ", item.Missing)}";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {item.Name}: {result}, {item.Seconds:F1} s{stood}"));
        }

        foreach (var unused in document.Unused)
        {
            Console.WriteLine($"  {unused.Name} is left out: {unused.Error} {unused.Detail}");
        }

        Console.WriteLine($"{document.Cases.Count} cases labelled in {job.Out}. With their true labels: site-agent evaluate --predictions {job.Out} --data {job.DataPath} --out REPORT");
    }
}
