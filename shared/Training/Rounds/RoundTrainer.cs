using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Batches;
using BrainMVP.Federated.Training.Checkpoints;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Evaluation;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Models;
using BrainMVP.Federated.Training.Schedules;
using TorchSharp;

namespace BrainMVP.Federated.Training.Rounds;

/// <summary>
/// Trains one round at one site. Called again with the same job it continues from the last checkpoint, and the local
/// model has the same bytes as without the interruption (on the CPU; same CPU kind and thread count).
/// </summary>
public static class RoundTrainer
{
    /// <summary>Runs or resumes a round with the prepared data set of the job.</summary>
    /// <param name="job">What to train.</param>
    /// <param name="progress">Called on this thread.</param>
    /// <param name="ct">Stops between two steps; the checkpoints stay.</param>
    /// <exception cref="FederationException">BMF-1009, 1011, 1101, 1110, 1312, 1401 to 1406, 1502, 1504, 1505, 1506, 1507.</exception>
    public static RoundOutcome Run(RoundJob job, Action<TrainingProgress> progress, CancellationToken ct)
    {
        using var prepared = PreparedCases.Open(job.DataFolder, job.Plan);
        return Run(job, prepared.Cases, progress, ct);
    }

    /// <summary>Runs or resumes a round with given cases.</summary>
    /// <param name="job">What to train.</param>
    /// <param name="cases">The site's usable cases.</param>
    /// <param name="progress">Called on this thread.</param>
    /// <param name="ct">Stops between two steps; the checkpoints stay.</param>
    /// <exception cref="FederationException">BMF-1009, 1101, 1312, 1401, 1403, 1405, 1406, 1502, 1504, 1505, 1506, 1507.</exception>
    public static RoundOutcome Run(RoundJob job, IEnumerable<TrainingCase> cases, Action<TrainingProgress> progress, CancellationToken ct)
    {
        using var guard = FolderLock.Take(Path.Combine(job.JobFolder, "trainer.lock"));
        progress(new TrainingProgress("prepare", 0, 1, 0));
        DeviceMemory.ResetPeak();
        TorchRuntime.Start(job.Plan.Training.Threads);
        var devices = job.Devices.SelectMany(TorchDevices.Parse).Take(job.Plan.Training.Accumulation).ToArray();
        if (devices[0].type == DeviceType.CUDA)
        {
            TorchRuntime.UseFastCuda();
        }

        var data = new SiteData(job.Plan, job.Site, cases);
        using var session = new RoundSession(job, data, devices);
        progress(new TrainingProgress("prepare", 1, 1, 0));

        var master = session.Group.Master;
        var state = RoundCheckpoint.Restore(job.JobFolder, session)
            ?? new RoundState { Start = session.Start, Validation = new Validation(job.Plan, job.Site, data).Run(master.Model, master.Templates, progress, ct) };
        state = Train(session, data, state, progress, ct);
        return Finish(session, data, state);
    }

    private static RoundState Train(RoundSession session, SiteData data, RoundState state, Action<TrainingProgress> progress, CancellationToken ct)
    {
        var deviceMemory = state.DeviceMemoryBytes;
        var (job, plan, steps) = (session.Job, session.Job.Plan, session.Job.Plan.Rounds.LocalSteps);
        var (schedule, notes) = (new RunProgress(plan), state.Notes.ToList());
        var draws = new SortedDictionary<string, long>(state.TargetDraws.ToDictionary(), StringComparer.Ordinal);
        var sums = state.LossSums.Count > 0 ? StepLosses.FromDictionary(state.LossSums) : default;
        var pinned = session.Group.Master.Device.type == DeviceType.CUDA;
        using var feed = new BatchFeed(plan, new BatchSampler(plan, job.Site, data, session.GlobalTemplates), job.Round, session.Group.Count, pinned);
        if (state.Steps == 0 && plan.Training.Precision != Precisions.Fp32 && Autocast.Unavailable is { } reason)
        {
            Warn($"This round is trained in fp32: {reason}");
        }

        var step = new TrainingStep(plan, feed, session.Group, session.Optimizer) { Pieces = state.Pieces, Warn = Warn };
        void Warn(string sentence)
        {
            notes.Add(sentence);
            progress(new TrainingProgress("train", state.Steps, steps, 0, sentence));
        }

        // Whole rounds: in the middle of one, the statistics would be those of the site and not the global ones.
        var frozen = plan.Training.BatchNorm == "fixed" && schedule.At(job.Round, 0) >= plan.Training.BatchNormFixedFrom;
        var began = TimeProvider.System.GetTimestamp();
        session.Group.Master.Model.State.SetBatchesTracked(schedule.GlobalStep(job.Round, state.Steps));
        for (var done = state.Steps; done < steps;)
        {
            ct.ThrowIfCancellationRequested();
            session.Group.Train(frozen);
            var losses = step.Run(job.Round, done, draws);
            sums += losses;
            done++;
            deviceMemory = Math.Max(deviceMemory, DeviceMemory.Cuda(session.Group.Master.Device)?.Used ?? 0);
            if (done % plan.Training.CheckpointEvery == 0 || done == steps)
            {
                RequireFinite(session);
                state = state with
                {
                    Steps = done,
                    TargetDraws = new SortedDictionary<string, long>(draws, StringComparer.Ordinal),
                    LossSums = sums.ToDictionary(),
                    TrainSeconds = state.TrainSeconds + TimeProvider.System.GetElapsedTime(began).TotalSeconds,
                    Pieces = step.Pieces,
                    Notes = [.. notes],
                    DeviceMemoryBytes = deviceMemory,
                };
                RoundCheckpoint.Save(job.JobFolder, state, session);
                began = TimeProvider.System.GetTimestamp();
            }

            progress(new TrainingProgress("train", done, steps, losses.Total));
        }

        return state;
    }

    private static RoundOutcome Finish(RoundSession session, SiteData data, RoundState state)
    {
        var (job, master) = (session.Job, session.Group.Master);
        var localModel = Path.Combine(job.JobFolder, "local.safetensors");
        var snapshot = Path.Combine(job.JobFolder, "snapshot");
        OptimizerSnapshot.Save(snapshot, session.Optimizer);
        if (job.Plan.Training.BatchNorm == "local")
        {
            BatchNormSnapshot.Save(snapshot, master.Model);
        }

        if (session.Optimizer.Controls is { } controls)
        {
            ControlSnapshot.Save(snapshot, controls);
        }

        session.Optimizer.Average?.CopyTo(master.TrainedTensors);
        SafetensorsWriter.WriteFile(localModel, ModelFile.Sources(master.Model, master.Templates).Concat(session.Optimizer.Controls?.Sources() ?? []));
        return new RoundOutcome
        {
            Steps = state.Steps,
            Cases = data.Training.Count + data.HeldOut.Count,
            TargetDraws = data.Owned.ToDictionary(m => m, m => state.TargetDraws.GetValueOrDefault(m)),
            Losses = (StepLosses.FromDictionary(state.LossSums) / state.Steps).ToDictionary(),
            Validation = state.Validation,
            LocalModelPath = localModel,
            OwnControlPath = session.OwnControlPath,
            SnapshotFolder = snapshot,
            TrainSeconds = state.TrainSeconds,
            PeakMemoryBytes = DeviceMemory.PeakResident(),
            DeviceMemoryBytes = state.DeviceMemoryBytes,
            Notes = state.Notes,
        };
    }

    private static void RequireFinite(RoundSession session)
    {
        var master = session.Group.Master;
        var bad = master.TrainedTensors.Concat(master.Model.State.Statistics)
            .FirstOrDefault(t => !TensorFile.IsFinite(t.Value)).Key;
        if (bad is not null)
        {
            throw ErrorCatalogue.TrainingDiverged.With($"{bad} is not finite in round {session.Job.Round}.");
        }
    }
}
