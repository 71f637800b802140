using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.SiteAgent.Trainer;

namespace BrainMVP.Federated.SiteAgent.Finetuning;

/// <summary>Learns a downstream task on one machine's labelled data, in a trainer process.</summary>
public sealed class LocalFinetuning(FinetuneOptions options, ITrainer trainer, TimeProvider time)
{
    /// <summary>A step, or the reading of a case, that takes longer is stuck.</summary>
    private static readonly TrainerLimits Limits = new(TimeSpan.FromHours(6), TimeSpan.FromDays(36500));

    private readonly TaskConsole _console = new(time);

    /// <exception cref="FederationException">BMF-1009, 1012, 1101, 1109, 1110, 1123, 1401 to 1406, 1501 to 1507 or 1603.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(options.Out);
        using var guard = FolderLock.Take(Path.Combine(options.Out, "finetune.lock"));
        var folder = FinetuneFolder.Take(options.Out, Identity());
        DurableFile.WriteAllText(folder.Task, PlanWriter.Write(options.Task));
        TaskConsole.Effective(options);
        Directory.CreateDirectory(folder.Templates);
        foreach (var (modality, path) in options.Templates.Where(t => options.Task.Modalities.Contains(t.Key, StringComparer.Ordinal)))
        {
            File.Copy(path, Path.Combine(folder.Templates, modality + ".safetensors"), overwrite: true);
        }

        var job = new TrainerJob
        {
            Task = TrainerTask.Finetune,
            Plan = options.Task.ToPlan() with { Rounds = new RoundsPlan() },
            Site = "local",
            Downstream = options.Task,
            DataPath = options.Data,
            DataFolder = folder.Data,
            ModelPath = options.Encoder ?? "",
            TemplatePaths = PretrainedFolder.TemplatesOf(null, folder.Model),
            Device = options.Device,
            JobFolder = folder.Job,
        };
        var result = CanonicalJson.Read<FinetuneResult>(await trainer.RunAsync(job, Limits, line => _console.Show(options.Task.Training.Steps, line), cancellation));
        _console.EndLine();
        if (!File.Exists(folder.Model))
        {
            DurableFile.WriteAllBytes(folder.Model, await File.ReadAllBytesAsync(result.Outcome.ModelPath, cancellation));
        }

        var summary = FinetuneSummary.Of(options.Task, result);
        DurableFile.WriteAllText(folder.Summary, CanonicalJson.ToReadable(summary));
        DurableFile.WriteAllText(folder.Report, FinetunePage.Write(options.Task, summary));
        if (!options.Keep)
        {
            Forget(folder);
        }

        TaskConsole.End(folder, options.Task, result);
    }

    /// <summary>Prepared volumes are images of people: they do not stay behind. The job's result does, so that the same command has nothing to do.</summary>
    private static void Forget(FinetuneFolder folder)
    {
        if (Directory.Exists(folder.Data))
        {
            Directory.Delete(folder.Data, recursive: true);
        }

        foreach (var path in Directory.EnumerateFiles(folder.Job, "*.safetensors").ToArray())
        {
            File.Delete(path);
        }
    }

    private string Identity() => CanonicalJson.Hash(new
    {
        Task = CanonicalJson.Hash(options.Task),
        options.Data,
        Encoder = options.Encoder is { } encoder ? FileHash.Of(encoder) : "",
        Templates = options.Templates.ToDictionary(t => t.Key, t => FileHash.Of(t.Value)),
    });
}
