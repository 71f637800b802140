using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.SiteAgent.Trainer;
using BrainMVP.Federated.Training.Models;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.SiteAgent.Pretraining;

/// <summary>
/// Pre-trains on one machine's data without a federation: the rounds of the plan one after another, each from the model
/// of the one before, by the same trainer process as in a federation.
/// </summary>
public sealed class LocalPretraining(PretrainOptions options, TrainerProcess trainer, TimeProvider time)
{
    /// <summary>Site name of the random streams.</summary>
    private const string Site = "local";

    /// <summary>A step, or the reading of a case, that takes longer is stuck.</summary>
    private static readonly TrainerLimits Limits = new(TimeSpan.FromHours(6), TimeSpan.FromDays(36500));

    private readonly PretrainConsole _console = new(time);

    /// <exception cref="FederationException">BMF-1009, 1101, 1109, 1110, 1312, 1401 to 1406, 1501 to 1507 or 1603.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var plan = options.Plan;
        Directory.CreateDirectory(options.Out);
        using var guard = FolderLock.Take(Path.Combine(options.Out, "pretrain.lock"));
        var folder = PretrainFolder.Take(options.Out, Identity());
        DurableFile.WriteAllText(folder.Plan, PlanWriter.Write(plan));
        PretrainConsole.Effective(plan, options.Device);
        if (options.Model is { } start)
        {
            ModelFile.Require(plan, start);
        }

        var prepared = CanonicalJson.Read<PreparedSummary>(await RunJobAsync(Job(TrainerTask.Prepare, folder, folder.Prepare) with { DataPath = options.Data }, 0, cancellation));
        PretrainConsole.Prepared(prepared);
        if (options.Model is null && !File.Exists(folder.Initial))
        {
            ModelInitializer.Write(plan, folder.Initial);
        }

        var progress = folder.Load();
        for (var round = progress.Rounds.Count + 1; round <= plan.Rounds.Count; round++)
        {
            var outcome = CanonicalJson.Read<RoundOutcome>(await RunJobAsync(Start(folder, round), round, cancellation));
            progress = progress with
            {
                Rounds = [.. progress.Rounds, new PretrainRound(round, outcome.Steps, outcome.Losses, outcome.Validation, outcome.TrainSeconds, outcome.PeakMemoryBytes, outcome.Notes, outcome.DeviceMemoryBytes)],
            };
            folder.Save(progress);
            PretrainConsole.Round(progress.Rounds[^1], plan);
            DeleteFolder(folder.Round(round - 1));
        }

        await FinishAsync(folder, progress, cancellation);
    }

    private TrainerJob Job(TrainerTask task, PretrainFolder folder, string jobFolder) => new()
    {
        Task = task,
        // One site alone has nobody to drift away from.
        Plan = options.Plan with { Training = options.Plan.Training with { ControlVariates = false } },
        Site = Site,
        DataFolder = folder.Data,
        JobFolder = jobFolder,
        Device = options.Device,
    };

    private TrainerJob Start(PretrainFolder folder, int round)
    {
        var last = folder.Round(round - 1);
        return Job(TrainerTask.Train, folder, folder.Round(round)) with
        {
            Round = round,
            ModelPath = round == 1 ? options.Model ?? folder.Initial : Path.Combine(last, "model.safetensors"),
            TemplatePaths = round == 1 ? PretrainFolder.TemplatesIn(options.Templates, options.Plan) : PretrainFolder.TemplatesIn(Path.Combine(last, "templates"), options.Plan),
            SnapshotFolder = round == 1 ? null : Path.Combine(last, "snapshot"),
        };
    }

    private async Task<byte[]> RunJobAsync(TrainerJob job, int round, CancellationToken cancellation)
    {
        var result = await RunOnPreparedAsync(job, round, cancellation);
        _console.EndLine();
        if (job.Task == TrainerTask.Train)
        {
            Separate(job, Path.Combine(job.JobFolder, "local.safetensors"));
        }

        return result;
    }

    private async Task<byte[]> RunOnPreparedAsync(TrainerJob job, int round, CancellationToken cancellation)
    {
        try
        {
            return await trainer.RunAsync(job, Limits, line => _console.Show(job.Task, round, options.Plan, line), cancellation);
        }
        catch (FederationException e) when (job.Task != TrainerTask.Prepare && (e.Code == ErrorCatalogue.ArtifactCorrupt || e.Code == ErrorCatalogue.ArtifactMissing))
        {
            // A job that has a result is not run again: the same command prepares damaged volumes anew and goes on.
            File.Delete(Path.Combine(PretrainFolder.PrepareIn(options.Out), TrainerMain.Result));
            throw;
        }
    }

    /// <summary>Splits a local model into the network and one file for each template, as a federation's commit would.</summary>
    private static void Separate(TrainerJob job, string local)
    {
        var templates = Path.Combine(job.JobFolder, "templates");
        Directory.CreateDirectory(templates);
        using var file = new SafetensorsReader(local);
        var byModality = file.Tensors.Keys.ToLookup(name => TensorGroups.ModalityOf(name) ?? "", StringComparer.Ordinal);
        foreach (var group in byModality)
        {
            var path = group.Key.Length == 0 ? Path.Combine(job.JobFolder, "model.safetensors") : Path.Combine(templates, group.Key + ".safetensors");
            SafetensorsWriter.WriteFile(path, group.Select(name => file.Source(name)));
        }

        // Templates of modalities that are not trained here go along.
        foreach (var (modality, path) in job.TemplatePaths)
        {
            var copy = Path.Combine(templates, modality + ".safetensors");
            if (!File.Exists(copy))
            {
                File.Copy(path, copy);
            }
        }
    }

    private async Task FinishAsync(PretrainFolder folder, PretrainProgress progress, CancellationToken cancellation)
    {
        var last = folder.Round(options.Plan.Rounds.Count);
        if (!File.Exists(folder.Model))
        {
            // The model comes last: once it is there, the round's folder is not needed any more.
            Directory.CreateDirectory(folder.Templates);
            foreach (var (modality, path) in PretrainFolder.TemplatesIn(Path.Combine(last, "templates"), options.Plan))
            {
                File.Copy(path, Path.Combine(folder.Templates, modality + ".safetensors"), overwrite: true);
            }

            DurableFile.WriteAllBytes(folder.Model, await File.ReadAllBytesAsync(Path.Combine(last, "model.safetensors"), cancellation));
        }

        var job = Job(TrainerTask.Evaluate, folder, folder.Evaluate) with
        {
            ModelPath = folder.Model,
            TemplatePaths = PretrainFolder.TemplatesIn(folder.Templates, options.Plan),
            PicturePath = folder.Reconstructions,
        };
        var evaluation = CanonicalJson.Read<EvaluationResult>(await RunJobAsync(job, 0, cancellation));
        PretrainResults.Write(folder, options.Plan, progress, evaluation.Validation);
        if (!options.Keep)
        {
            // Prepared volumes are images of people: they do not stay behind.
            DeleteFolder(folder.Rounds);
            DeleteFolder(folder.Data);
        }

        PretrainConsole.End(folder, options.Plan, progress, evaluation.Validation);
    }

    private string Identity() => CanonicalJson.Hash(new
    {
        Plan = CanonicalJson.Hash(options.Plan),
        options.Data,
        Model = options.Model is { } model ? HashOf(model) : "",
        Templates = PretrainFolder.TemplatesIn(options.Templates, options.Plan).ToDictionary(t => t.Key, t => HashOf(t.Value)),
    });

    private static string HashOf(string path) => File.Exists(path) ? FileHash.Of(path) : throw ErrorCatalogue.ArgumentInvalid.With($"{path} does not exist.");

    private static void DeleteFolder(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
