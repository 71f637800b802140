using System.Security.Cryptography;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Checkpoints;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Evaluation;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Models;
using BrainMVP.Federated.Training.Optimization;
using BrainMVP.Federated.Training.Schedules;

namespace BrainMVP.Federated.Training.Rounds;

/// <summary>
/// Trains one round at one site. Called again with the same job it continues from the last checkpoint, and the local
/// model has the same bytes as without the interruption (same CPU kind and thread count).
/// </summary>
public static class RoundTrainer
{
    /// <summary>Runs or resumes a round with the prepared data set of the job.</summary>
    /// <param name="job">What to train.</param>
    /// <param name="progress">Called on this thread.</param>
    /// <param name="ct">Stops between two steps; the checkpoints stay.</param>
    /// <exception cref="FederationException">BMF-1009, 1011, 1101, 1110, 1312, 1401 to 1403, 1405, 1406, 1502, 1504, 1505.</exception>
    public static RoundOutcome Run(RoundJob job, Action<TrainingProgress> progress, CancellationToken ct) =>
        Run(job, PreparedCases.Open(job.DataFolder, job.Plan).Cases, progress, ct);

    /// <summary>Runs or resumes a round with given cases.</summary>
    /// <param name="job">What to train.</param>
    /// <param name="cases">The site's usable cases.</param>
    /// <param name="progress">Called on this thread.</param>
    /// <param name="ct">Stops between two steps; the checkpoints stay.</param>
    /// <exception cref="FederationException">BMF-1009, 1101, 1312, 1401, 1403, 1405, 1406, 1502, 1504, 1505.</exception>
    public static RoundOutcome Run(RoundJob job, IEnumerable<TrainingCase> cases, Action<TrainingProgress> progress, CancellationToken ct)
    {
        using var guard = FolderLock.Take(Path.Combine(job.JobFolder, "trainer.lock"));
        progress(new TrainingProgress("prepare", 0, 1, 0));
        TorchRuntime.Start(job.Plan.Training.Threads);
        var data = new SiteData(job.Plan, job.Site, cases);
        using var model = ReconstructionModel.Create(job.Plan.Network, job.Plan.Training.Recomputation);
        ModelFile.Load(model, job.ModelPath);
        using var templates = ModelFile.LoadTemplates(job.Plan, data.Owned, job.TemplatePaths);
        using var optimizer = CreateOptimizer(job, model, templates);
        var start = StartHash(job, data);
        progress(new TrainingProgress("prepare", 1, 1, 0));

        var state = RoundCheckpoint.Restore(job.JobFolder, start, model, templates, optimizer);
        if (state is null)
        {
            state = new RoundState { Start = start, Validation = new Validation(job.Plan, job.Site, data).Run(model, templates, progress, ct) };
        }

        state = Train(job, data, state, model, templates, optimizer, progress, ct);
        return Finish(job, data, state, model, templates, optimizer);
    }

    private static RoundState Train(RoundJob job, SiteData data, RoundState state, ReconstructionModel model, TemplateBank templates, AdamW optimizer, Action<TrainingProgress> progress, CancellationToken ct)
    {
        var plan = job.Plan;
        var steps = plan.Rounds.LocalSteps;
        var draws = new SortedDictionary<string, long>(state.TargetDraws.ToDictionary(), StringComparer.Ordinal);
        var sums = state.LossSums.Count > 0 ? StepLosses.FromDictionary(state.LossSums) : default;
        var step = new TrainingStep(plan, new MicroBatchSampler(plan, job.Site, data), model, templates, optimizer);
        var began = TimeProvider.System.GetTimestamp();
        model.train();
        model.State.SetBatchesTracked(new RunProgress(plan).GlobalStep(job.Round, state.Steps));
        for (var done = state.Steps; done < steps;)
        {
            ct.ThrowIfCancellationRequested();
            var losses = step.Run(job.Round, done, draws);
            sums += losses;
            done++;
            if (done % plan.Training.CheckpointEvery == 0 || done == steps)
            {
                RequireFinite(job, model, templates);
                state = state with
                {
                    Steps = done,
                    TargetDraws = new SortedDictionary<string, long>(draws, StringComparer.Ordinal),
                    LossSums = sums.ToDictionary(),
                    TrainSeconds = state.TrainSeconds + TimeProvider.System.GetElapsedTime(began).TotalSeconds,
                };
                began = TimeProvider.System.GetTimestamp();
                RoundCheckpoint.Save(job.JobFolder, state, model, templates, optimizer);
            }

            progress(new TrainingProgress("train", done, steps, losses.Total));
        }

        return state;
    }

    private static RoundOutcome Finish(RoundJob job, SiteData data, RoundState state, ReconstructionModel model, TemplateBank templates, AdamW optimizer)
    {
        var localModel = Path.Combine(job.JobFolder, "local.safetensors");
        var snapshot = Path.Combine(job.JobFolder, "snapshot");
        OptimizerSnapshot.Save(snapshot, optimizer);
        SafetensorsWriter.WriteFile(localModel, ModelFile.Sources(model, templates));
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return new RoundOutcome
        {
            Steps = state.Steps,
            Cases = data.Training.Count + data.HeldOut.Count,
            TargetDraws = data.Owned.ToDictionary(m => m, m => state.TargetDraws.GetValueOrDefault(m)),
            Losses = (StepLosses.FromDictionary(state.LossSums) / state.Steps).ToDictionary(),
            Validation = state.Validation,
            LocalModelPath = localModel,
            SnapshotFolder = snapshot,
            TrainSeconds = state.TrainSeconds,
            PeakMemoryBytes = process.PeakWorkingSet64,
        };
    }

    private static AdamW CreateOptimizer(RoundJob job, ReconstructionModel model, TemplateBank templates)
    {
        var optimizer = new AdamW(job.Plan.Training.TemplateSecondMoment);
        foreach (var (name, parameter) in model.State.Parameters)
        {
            optimizer.Add(name, parameter, template: false);
        }

        foreach (var (modality, template) in templates.Templates)
        {
            optimizer.Add(TemplateBank.NameOf(modality), template, template: true);
        }

        if (job.SnapshotFolder is { } folder && job.Plan.Training.OptimizerState == "keep")
        {
            OptimizerSnapshot.Load(folder, optimizer);
        }

        return optimizer;
    }

    private static void RequireFinite(RoundJob job, ReconstructionModel model, TemplateBank templates)
    {
        var bad = model.State.All.FirstOrDefault(t => !TensorFile.IsFinite(t.Value)).Key
            ?? templates.Templates.FirstOrDefault(t => !TensorFile.IsFinite(t.Value)).Key;
        if (bad is not null)
        {
            throw ErrorCatalogue.TrainingDiverged.With($"{bad} is not finite in round {job.Round}.");
        }
    }

    private static string StartHash(RoundJob job, SiteData data) => CanonicalJson.Hash(new
    {
        Plan = CanonicalJson.Hash(job.Plan),
        job.Site,
        job.Round,
        Model = FileHash(job.ModelPath),
        Templates = data.Owned.Where(job.TemplatePaths.ContainsKey).ToDictionary(m => m, m => FileHash(job.TemplatePaths[m])),
        Snapshot = job.SnapshotFolder is { } folder && job.Plan.Training.OptimizerState == "keep" ? FileHash(OptimizerSnapshot.PathIn(folder)) : "",
        Cases = data.Training.Concat(data.HeldOut).Select(c => new[] { c.Subject, c.Content }).ToArray(),
    });

    private static string FileHash(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
