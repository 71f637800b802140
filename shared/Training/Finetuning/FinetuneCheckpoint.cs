using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Checkpoints;
using BrainMVP.Federated.Training.Optimization;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>The part of a fine-tuning's checkpoint that is not tensors.</summary>
public sealed record FinetuneState
{
    /// <summary>Hash of everything the training starts from; a checkpoint of anything else is refused.</summary>
    public required string Start { get; init; }

    /// <summary>Finished optimiser steps. All random streams are named by it, so no generator state is kept.</summary>
    public int Steps { get; init; }

    /// <summary>Steps behind the best validation; 0 before the first.</summary>
    public int BestStep { get; init; }

    public double? BestScore { get; init; }

    public IReadOnlyList<FinetuneValidation> Validations { get; init; } = [];

    /// <summary>Sum of the losses since the last validation.</summary>
    public double LossSum { get; init; }

    public double TrainSeconds { get; init; }

    public int Pieces { get; init; } = 1;

    public long DeviceMemoryBytes { get; init; }

    public PretrainedStart? Pretrained { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Validations since the best one.</summary>
    public int SinceBest => Validations.Count(v => v.Step > BestStep);
}

/// <summary>
/// One safetensors file with weights, statistics and moments, and a state document in its metadata: a kill while writing
/// leaves the checkpoint before.
/// </summary>
internal static class FinetuneCheckpoint
{
    private const string StateKey = "state";

    public static string PathIn(string jobFolder) => Path.Combine(jobFolder, "checkpoint.safetensors");

    public static void Save<T>(string jobFolder, T state, DownstreamNetwork network, AdamW optimizer, LossScaler? scaler)
    {
        var metadata = OptimizerSnapshot.Metadata(optimizer, scaler);
        metadata[StateKey] = Encoding.UTF8.GetString(CanonicalJson.Serialize(state));
        SafetensorsWriter.WriteFile(PathIn(jobFolder), network.State.All.Select(t => TensorFile.Source(t.Key, t.Value)).Concat(OptimizerSnapshot.Sources(optimizer)), metadata);
    }

    /// <summary>Restores the last checkpoint of this start, or returns null when there is none.</summary>
    /// <exception cref="FederationException">BMF-1505 when it is damaged or of another start.</exception>
    /// <param name="jobFolder">Where it was saved.</param>
    /// <param name="start">Hash of what the training starts from.</param>
    /// <param name="startOf">The same hash in a saved state.</param>
    /// <param name="network">Filled.</param>
    /// <param name="optimizer">Filled.</param>
    /// <param name="scaler">Filled where there is one.</param>
    public static T? Restore<T>(string jobFolder, string start, Func<T, string> startOf, DownstreamNetwork network, AdamW optimizer, LossScaler? scaler)
        where T : class
    {
        var path = PathIn(jobFolder);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var file = new SafetensorsReader(path);
            var state = CanonicalJson.Deserialize<T>(Encoding.UTF8.GetBytes(file.Metadata.GetValueOrDefault(StateKey, "")));
            if (startOf(state) != start)
            {
                throw ErrorCatalogue.CheckpointInvalid.With($"{path} belongs to another task, other data, or another start.");
            }

            foreach (var (name, tensor) in network.State.All)
            {
                TensorFile.Read(file, name, tensor);
            }

            OptimizerSnapshot.Read(file, optimizer, scaler, required: true);
            return state;
        }
        catch (FederationException e) when (e.Code != ErrorCatalogue.CheckpointInvalid)
        {
            throw ErrorCatalogue.CheckpointInvalid.With(e.Message, e);
        }
    }
}
