using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Batches;
using BrainMVP.Federated.Training.Checkpoints;
using BrainMVP.Federated.Training.Evaluation;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Optimization;
using BrainMVP.Federated.Training.Rounds;
using BrainMVP.Federated.Training.Schedules;
using TorchSharp;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// Trains one round of a supervised run at one site: the steps of <see cref="FinetuneTrainer"/>, counted through the
/// whole run. Called again with the same job it continues from the last checkpoint, and the local model has the same
/// bytes as without the interruption (on the CPU; same CPU kind and thread count).
/// </summary>
public sealed class SupervisedRound : IDisposable
{
    private readonly RoundJob _job;
    private readonly FinetuneTask _task;
    private readonly IReadOnlyList<LabelledCase> _cases;
    private readonly FinetuneSplit _split;
    private readonly Action<TrainingProgress> _progress;
    private readonly TemplateVolumes _templates;
    private readonly DownstreamNetwork _network;
    private readonly AdamW _optimizer = new();
    private readonly LossScaler? _scaler;
    private readonly ProximalTerm? _proximal;
    private readonly List<string> _notes = [];
    private readonly string _start;
    private SupervisedState? _state;

    private SupervisedRound(RoundJob job, IReadOnlyList<LabelledCase> cases, Action<TrainingProgress> progress)
    {
        (_job, _task, _cases, _progress) = (job, job.Plan.ToTask(job.Site), cases, progress);
        _split = FinetuneSplit.Of(_task, cases);
        _templates = TemplateVolumes.Load(_task, job.TemplatePaths);
        _network = SupervisedModel.Load(job.Plan, job.ModelPath, job.SnapshotFolder);
        _network.MoveTo(DeviceOf(job.Devices[0]));
        _network.State.SetBatchesTracked(new RunProgress(job.Plan).GlobalStep(job.Round, 0));
        foreach (var (name, parameter) in _network.State.Parameters)
        {
            _optimizer.Add(name, parameter, template: false);
        }

        _scaler = _task.Training.Precision == Precisions.Fp16 ? new LossScaler() : null;
        _proximal = job.Plan.Training.ProximalWeight > 0 ? new ProximalTerm(_network.State.Parameters.Values) : null;
        if (KeepsMoments)
        {
            OptimizerSnapshot.Load(job.SnapshotFolder!, _optimizer, _scaler);
        }

        _start = StartHash();
        _state = FinetuneCheckpoint.Restore<SupervisedState>(job.JobFolder, _start, s => s.Start, _network, _optimizer, _scaler);
        _notes.AddRange(_state?.Notes ?? []);
    }

    private bool KeepsMoments => _job.SnapshotFolder is not null && _job.Plan.Training.OptimizerState == "keep";

    /// <summary>Runs or resumes a round.</summary>
    /// <param name="job">What to train; its plan is supervised.</param>
    /// <param name="cases">The site's labelled cases.</param>
    /// <param name="progress">Called on this thread.</param>
    /// <param name="ct">Stops between two steps; the checkpoints stay.</param>
    /// <exception cref="FederationException">BMF-1009, 1123, 1401, 1402, 1403, 1405, 1406, 1502, 1504 to 1507.</exception>
    public static RoundOutcome Run(RoundJob job, IReadOnlyList<LabelledCase> cases, Action<TrainingProgress> progress, CancellationToken ct)
    {
        using var guard = FolderLock.Take(Path.Combine(job.JobFolder, "trainer.lock"));
        progress(new TrainingProgress("prepare", 0, 1, 0));
        DeviceMemory.ResetPeak();
        TorchRuntime.Start(job.Plan.Training.Threads);
        using var round = new SupervisedRound(job, cases, progress);
        progress(new TrainingProgress("prepare", 1, 1, 0));
        round.Train(ct);
        return round.Finish(cases.Count);
    }

    /// <summary>Scores a model on a site's held-out cases, empty when it holds nothing out, and writes it as this site uses it.</summary>
    /// <param name="job">The model; its plan is supervised.</param>
    /// <param name="cases">The site's labelled cases.</param>
    /// <param name="progress">Called on this thread.</param>
    /// <param name="ct">Stops between two cases.</param>
    /// <exception cref="FederationException">BMF-1123, 1401, 1402, 1405, 1406, 1504, 1505, 1506.</exception>
    public static IReadOnlyDictionary<string, ScoreSum> Evaluate(EvaluationJob job, IReadOnlyList<LabelledCase> cases, Action<TrainingProgress> progress, CancellationToken ct)
    {
        TorchRuntime.Start(job.Plan.Training.Threads);
        var task = job.Plan.ToTask(job.Site);
        var (split, templates) = (FinetuneSplit.Of(task, cases), TemplateVolumes.Load(task, job.TemplatePaths));
        using var network = SupervisedModel.Load(job.Plan, job.ModelPath, job.SnapshotFolder);
        network.MoveTo(DeviceOf(job.Device));
        if (OwnTensors.KeepsNormalisations(job.Plan))
        {
            OwnStatistics.Refresh(task, network, split.Training, templates, ct);
        }

        if (job.OwnModelPath.Length > 0)
        {
            DownstreamFile.Write(job.OwnModelPath, task, network);
        }

        return split.Validation.Count == 0
            ? new Dictionary<string, ScoreSum>()
            : new TaskValidation(task, split.Validation).Scores(new VolumePredictor(task, network, templates), (done, total) => progress(new TrainingProgress("evaluate", done, total, 0)), ct);
    }

    /// <summary>Scores sites' models on one site's held-out cases.</summary>
    /// <param name="job">Plan, cases and templates; <see cref="EvaluationJob.ModelPath"/> is not read.</param>
    /// <param name="models">By site: files that <see cref="Evaluate"/> wrote there.</param>
    /// <param name="cases">The site's labelled cases.</param>
    /// <param name="progress">Called on this thread.</param>
    /// <param name="ct">Stops between two cases.</param>
    /// <returns>By site of the model; no scores where nothing is held out. A file that is no model of the plan's network is left out: it is another site's fault.</returns>
    /// <exception cref="FederationException">BMF-1123, 1401, 1402, 1504, 1506.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyDictionary<string, ScoreSum>> Compare(
        EvaluationJob job, IReadOnlyDictionary<string, string> models, IReadOnlyList<LabelledCase> cases, Action<TrainingProgress> progress, CancellationToken ct)
    {
        TorchRuntime.Start(job.Plan.Training.Threads);
        var task = job.Plan.ToTask(job.Site);
        var (validation, templates) = (FinetuneSplit.Of(task, cases).Validation, TemplateVolumes.Load(task, job.TemplatePaths));
        var scores = new Dictionary<string, IReadOnlyDictionary<string, ScoreSum>>(StringComparer.Ordinal);
        foreach (var (index, (site, path)) in models.OrderBy(m => m.Key, StringComparer.Ordinal).Index())
        {
            using var network = new DownstreamNetwork(task);
            try
            {
                DownstreamFile.Load(network, path);
            }
            catch (FederationException e) when (e.Code == ErrorCatalogue.SafetensorsInvalid || e.Code == ErrorCatalogue.LayoutMismatch)
            {
                progress(new TrainingProgress("evaluate", index, models.Count, 0, $"The model of {site} is left out: {e.Code.Id} {e.Message}"));
                continue;
            }

            network.MoveTo(DeviceOf(job.Device));
            scores.Add(site, validation.Count == 0
                ? new Dictionary<string, ScoreSum>()
                : new TaskValidation(task, validation).Scores(new VolumePredictor(task, network, templates), (done, total) => progress(new TrainingProgress("evaluate", (index * total) + done, models.Count * total, 0)), ct));
        }

        return scores;
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _proximal?.Dispose();
        _network.Dispose();
    }

    /// <summary>One device: the first of the word's.</summary>
    private static torch.Device DeviceOf(string word)
    {
        var device = TorchDevices.Parse(word)[0];
        if (device.type == DeviceType.CUDA)
        {
            TorchRuntime.UseFastCuda();
        }

        return device;
    }

    private void Train(CancellationToken ct)
    {
        var (training, steps) = (_task.Training, _job.Plan.Rounds.LocalSteps);
        if (_state is null && training.Precision != Precisions.Fp32 && Autocast.Unavailable is { } reason)
        {
            Warn($"This round is trained in fp32: {reason}");
        }

        var state = _state ?? new SupervisedState { Start = _start, Scores = StartScores(ct), Notes = [.. _notes] };
        var before = (_job.Round - 1) * steps;
        var sampler = new FinetuneSampler(_task, _split.Training, _templates);
        var step = new FinetuneStep(_task, _network, _optimizer, _scaler)
        {
            Pieces = state.Pieces,
            Warn = Warn,
            FixedStatistics = _job.Plan.Training.BatchNorm == "fixed" && new RunProgress(_job.Plan).At(_job.Round, 0) >= _job.Plan.Training.BatchNormFixedFrom,
            CorrectGradients = () => _proximal?.AddGradients(_job.Plan.Training.ProximalWeight),
        };
        var (memory, began) = (state.DeviceMemoryBytes, TimeProvider.System.GetTimestamp());
        using var ahead = new Prefetch<StepBatches>(_ => StepBatches.From(sampler, training.Accumulation, before + state.Steps, before + steps), 1, b => b.Dispose());
        for (var done = state.Steps; done < steps;)
        {
            ct.ThrowIfCancellationRequested();
            double loss;
            using (var batches = ahead.Take())
            {
                loss = step.Run(before + done, batches.Items);
            }

            done++;
            memory = Math.Max(memory, DeviceMemory.Cuda(_network.Device)?.Used ?? 0);
            state = state with { Steps = done, LossSum = state.LossSum + loss, Pieces = step.Pieces, DeviceMemoryBytes = memory, Notes = [.. _notes] };
            if (done % training.CheckpointEvery == 0 || done == steps)
            {
                RequireFinite(done);
                state = state with { TrainSeconds = state.TrainSeconds + TimeProvider.System.GetElapsedTime(began).TotalSeconds };
                FinetuneCheckpoint.Save(_job.JobFolder, state, _network, _optimizer, _scaler);
                began = TimeProvider.System.GetTimestamp();
            }

            _progress(new TrainingProgress("train", done, steps, loss));
        }

        _state = state;
    }

    /// <summary>Of the model that the round starts from, as this site uses it. With a network of its own: what is measured must not change what is trained.</summary>
    private IReadOnlyDictionary<string, ScoreSum> StartScores(CancellationToken ct) => _split.Validation.Count == 0
        ? new Dictionary<string, ScoreSum>()
        : Evaluate(
            new EvaluationJob
            {
                Plan = _job.Plan,
                Site = _job.Site,
                ModelPath = _job.ModelPath,
                TemplatePaths = _job.TemplatePaths,
                DataFolder = _job.DataFolder,
                SnapshotFolder = _job.SnapshotFolder,
                Device = _job.Devices[0],
            },
            _cases,
            _progress,
            ct);

    private RoundOutcome Finish(int cases)
    {
        var (state, localModel, snapshot) = (_state!, Path.Combine(_job.JobFolder, "local.safetensors"), Path.Combine(_job.JobFolder, "snapshot"));
        OptimizerSnapshot.Save(snapshot, _optimizer, _scaler);
        if (OwnTensors.Any(_job.Plan))
        {
            OwnTensors.Save(snapshot, _job.Plan, _network);
        }

        SafetensorsWriter.WriteFile(localModel, SupervisedModel.Shared(_job.Plan, _network));
        return new RoundOutcome
        {
            Steps = state.Steps,
            Cases = cases,
            TargetDraws = new Dictionary<string, long>(),
            Losses = new Dictionary<string, double> { ["total"] = state.LossSum / state.Steps },
            Validation = new Dictionary<string, ValidationSum>(),
            Scores = state.Scores,
            LocalModelPath = localModel,
            SnapshotFolder = snapshot,
            TrainSeconds = state.TrainSeconds,
            PeakMemoryBytes = DeviceMemory.PeakResident(),
            DeviceMemoryBytes = state.DeviceMemoryBytes,
            Notes = state.Notes,
        };
    }

    private void Warn(string sentence)
    {
        _notes.Add(sentence);
        _progress(new TrainingProgress("train", _state?.Steps ?? 0, _job.Plan.Rounds.LocalSteps, 0, sentence));
    }

    private void RequireFinite(int steps)
    {
        if (_network.State.All.FirstOrDefault(t => !TensorFile.IsFinite(t.Value)).Key is { } bad)
        {
            throw ErrorCatalogue.TrainingDiverged.With($"{bad} is not finite after {steps} steps of round {_job.Round}.");
        }
    }

    private string StartHash() => CanonicalJson.Hash(new
    {
        Plan = CanonicalJson.Hash(_job.Plan),
        _job.Site,
        _job.Round,
        Model = FileHash.Of(_job.ModelPath),
        Templates = _templates.Modalities.ToDictionary(m => m, m => FileHash.Of(_job.TemplatePaths[m])),
        Snapshot = KeepsMoments ? FileHash.Of(OptimizerSnapshot.PathIn(_job.SnapshotFolder!)) : "",
        Own = _job.SnapshotFolder is { } folder && OwnTensors.Any(_job.Plan) ? FileHash.Of(OwnTensors.PathIn(folder)) : "",
        Training = FinetuneSplit.Identity(_split.Training),
        Validation = FinetuneSplit.Identity(_split.Validation),
    });
}

/// <summary>The part of a supervised round's checkpoint that is not tensors.</summary>
public sealed record SupervisedState
{
    /// <summary>Hash of everything the round starts from; a checkpoint of anything else is refused.</summary>
    public required string Start { get; init; }

    /// <summary>Finished optimiser steps of the round.</summary>
    public int Steps { get; init; }

    public double LossSum { get; init; }

    /// <summary>Of the model that the round started from.</summary>
    public required IReadOnlyDictionary<string, ScoreSum> Scores { get; init; }

    public double TrainSeconds { get; init; }

    /// <summary>Pieces that each micro-batch is cut into since memory ran out.</summary>
    public int Pieces { get; init; } = 1;

    public long DeviceMemoryBytes { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];
}
