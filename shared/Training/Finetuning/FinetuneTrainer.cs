using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Training.Batches;
using BrainMVP.Federated.Training.Checkpoints;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Optimization;
using BrainMVP.Federated.Training.Rounds;
using TorchSharp;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// Learns a task. Called again with the same job it continues from the last checkpoint, and the model has the same
/// bytes as without the interruption (on the CPU; same CPU kind and thread count).
/// </summary>
public sealed class FinetuneTrainer : IDisposable
{
    private readonly FinetuneJob _job;
    private readonly FinetuneTask _task;
    private readonly FinetuneSplit _split;
    private readonly Action<TrainingProgress> _progress;
    private readonly TemplateVolumes _templates;
    private readonly DownstreamNetwork _network;
    private readonly AdamW _optimizer = new();
    private readonly LossScaler? _scaler;
    private readonly List<string> _notes = [];
    private FinetuneState _state;

    private FinetuneTrainer(FinetuneJob job, FinetuneSplit split, Action<TrainingProgress> progress)
    {
        (_job, _task, _split, _progress) = (job, job.Task, split, progress);
        var device = TorchDevices.Parse(job.Device)[0];
        if (device.type == DeviceType.CUDA)
        {
            TorchRuntime.UseFastCuda();
        }

        _templates = TemplateVolumes.Load(_task, job.TemplatePaths);
        _network = new DownstreamNetwork(_task);
        var pretrained = job.EncoderPath is { } encoder ? PretrainedWeights.Load(_network, encoder, _task.Training.Stem) : null;
        if (_task.Training.StartShare > 0 && pretrained is not { Inflated.Count: 0, Fresh.Count: 0 })
        {
            throw ErrorCatalogue.TaskInvalid.With($"training.startShare is {_task.Training.StartShare}: it needs a start that fills the whole network; {(pretrained is null ? "there is none" : $"{job.EncoderPath} leaves {pretrained.Inflated.Concat(pretrained.Fresh).First()} untrained")}.");
        }

        _network.MoveTo(device);
        foreach (var (name, parameter) in _network.State.Parameters)
        {
            _optimizer.Add(name, parameter, template: false);
        }

        _scaler = _task.Training.Precision == Precisions.Fp16 ? new LossScaler() : null;
        var start = StartHash();
        _state = FinetuneCheckpoint.Restore<FinetuneState>(job.JobFolder, start, s => s.Start, _network, _optimizer, _scaler) ?? new FinetuneState { Start = start, Pretrained = pretrained };
        _notes.AddRange(_state.Notes);
    }

    private string BestPath => Path.Combine(_job.JobFolder, "best.safetensors");

    private string ModelPath => Path.Combine(_job.JobFolder, "model.safetensors");

    /// <summary>Runs or resumes a fine-tuning.</summary>
    /// <param name="job">What to learn.</param>
    /// <param name="cases">Labelled cases.</param>
    /// <param name="progress">Called on this thread.</param>
    /// <param name="ct">Stops between two steps; the checkpoints stay.</param>
    /// <exception cref="FederationException">BMF-1009, 1012, 1123, 1401, 1402, 1405, 1406, 1502, 1504 to 1507.</exception>
    public static FinetuneOutcome Run(FinetuneJob job, IEnumerable<LabelledCase> cases, Action<TrainingProgress> progress, CancellationToken ct)
    {
        using var guard = FolderLock.Take(Path.Combine(job.JobFolder, "trainer.lock"));
        DeviceMemory.ResetPeak();
        TorchRuntime.Start(job.Task.Training.Threads);
        using var trainer = new FinetuneTrainer(job, FinetuneSplit.Of(job.Task, cases), progress);
        return trainer.Run(ct);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _network.Dispose();
    }

    private FinetuneOutcome Run(CancellationToken ct)
    {
        var training = _task.Training;
        if (_state.Steps == 0 && training.Precision != Precisions.Fp32 && Autocast.Unavailable is { } reason)
        {
            Warn($"This task is trained in fp32: {reason}");
        }

        var sampler = new FinetuneSampler(_task, _split.Training, _templates);
        var step = new FinetuneStep(_task, _network, _optimizer, _scaler) { Pieces = _state.Pieces, Warn = Warn };
        var first = _state.Steps;
        var (sum, memory, began) = (_state.LossSum, _state.DeviceMemoryBytes, TimeProvider.System.GetTimestamp());
        using var ahead = new Prefetch<StepBatches>(_ => StepBatches.From(sampler, training.Accumulation, first, training.Steps), 1, b => b.Dispose());
        while (_state.Steps < training.Steps && !IsFinished())
        {
            ct.ThrowIfCancellationRequested();
            double loss;
            using (var batches = ahead.Take())
            {
                loss = step.Run(_state.Steps, batches.Items);
            }

            sum += loss;
            memory = Math.Max(memory, DeviceMemory.Cuda(_network.Device)?.Used ?? 0);
            _state = _state with { Steps = _state.Steps + 1, LossSum = sum, Pieces = step.Pieces, DeviceMemoryBytes = memory, Notes = [.. _notes] };
            _progress(new TrainingProgress("train", _state.Steps, training.Steps, loss));
            var validates = _split.Validation.Count > 0 && (_state.Steps % training.ValidateEvery == 0 || _state.Steps == training.Steps);
            if (validates)
            {
                Validate(ct);
                sum = 0;
            }

            if (validates || _state.Steps % training.CheckpointEvery == 0 || _state.Steps == training.Steps)
            {
                RequireFinite();
                _state = _state with { TrainSeconds = _state.TrainSeconds + TimeProvider.System.GetElapsedTime(began).TotalSeconds };
                FinetuneCheckpoint.Save(_job.JobFolder, _state, _network, _optimizer, _scaler);
                began = TimeProvider.System.GetTimestamp();
            }
        }

        return Finish();
    }

    private bool IsFinished() => _task.Training.Patience > 0 && _state.SinceBest >= _task.Training.Patience;

    private void Validate(CancellationToken ct)
    {
        var validation = new TaskValidation(_task, _split.Validation);
        var (score, byOutput) = validation.Run(new VolumePredictor(_task, _network, _templates), (done, total) => _progress(new TrainingProgress("evaluate", done, total, 0)), ct);
        var every = _state.Steps - (_state.Validations.Count > 0 ? _state.Validations[^1].Step : 0);
        var point = new FinetuneValidation(_state.Steps, score, byOutput, _state.LossSum / every);
        if (_state.BestScore is not { } best || score > best)
        {
            // Before the checkpoint that names it: a kill in between trains to it again and writes the same.
            DownstreamFile.Write(BestPath, _task, _network);
            _state = _state with { BestScore = score, BestStep = _state.Steps };
        }

        _state = _state with { Validations = [.. _state.Validations, point], LossSum = 0 };
        var sentence = string.Create(CultureInfo.InvariantCulture, $"step {_state.Steps}: {(_task.Kind == TaskKinds.Segmentation ? "Dice" : "score")} {score:F4} ({string.Join(", ", byOutput.Select(o => string.Create(CultureInfo.InvariantCulture, $"{o.Key} {o.Value:F4}")))}), loss {point.Loss:F4}{(_state.BestStep == _state.Steps ? ", best so far" : "")}");
        _progress(new TrainingProgress("evaluate", _split.Validation.Count, _split.Validation.Count, 0, sentence));
    }

    private FinetuneOutcome Finish()
    {
        RequireFinite();
        if (_state.BestScore is not null)
        {
            DownstreamFile.Load(_network, BestPath);
        }

        StartShare.Mix(_network, _job.EncoderPath, _task.Training.StartShare);
        DownstreamFile.Write(ModelPath, _task, _network);

        return new FinetuneOutcome
        {
            Steps = _state.Steps,
            BestStep = _state.BestScore is null ? _state.Steps : _state.BestStep,
            BestScore = _state.BestScore,
            Validations = _state.Validations,
            Start = _state.Pretrained,
            Split = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
            {
                ["training"] = [.. _split.Training.Select(c => c.Name)],
                ["validation"] = [.. _split.Validation.Select(c => c.Name)],
                ["test"] = [.. _split.Test.Select(c => c.Name)],
            },
            ModelPath = ModelPath,
            TrainSeconds = _state.TrainSeconds,
            PeakMemoryBytes = DeviceMemory.PeakResident(),
            DeviceMemoryBytes = _state.DeviceMemoryBytes,
            Notes = _notes,
        };
    }

    private void Warn(string sentence)
    {
        _notes.Add(sentence);
        _progress(new TrainingProgress("train", _state.Steps, _task.Training.Steps, 0, sentence));
    }

    private void RequireFinite()
    {
        if (_network.State.All.FirstOrDefault(t => !TensorFile.IsFinite(t.Value)).Key is { } bad)
        {
            throw ErrorCatalogue.TrainingDiverged.With($"{bad} is not finite after {_state.Steps} steps.");
        }
    }

    private string StartHash() => CanonicalJson.Hash(new
    {
        Task = CanonicalJson.Hash(_task),
        Encoder = _job.EncoderPath is { } encoder ? FileHash.Of(encoder) : "",
        Templates = _templates.Modalities.ToDictionary(m => m, m => FileHash.Of(_job.TemplatePaths[m])),
        Training = FinetuneSplit.Identity(_split.Training),
        Validation = FinetuneSplit.Identity(_split.Validation),
    });
}
