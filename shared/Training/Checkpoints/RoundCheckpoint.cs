using System.Text;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Models;
using BrainMVP.Federated.Training.Rounds;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Checkpoints;

/// <summary>The part of a checkpoint that is not tensors.</summary>
public sealed record RoundState
{
    /// <summary>Hash of everything the round starts from; a checkpoint of anything else is refused.</summary>
    public required string Start { get; init; }

    /// <summary>Finished optimiser steps. All random streams are named by it, so no generator state is kept.</summary>
    public int Steps { get; init; }

    public IReadOnlyDictionary<string, long> TargetDraws { get; init; } = new Dictionary<string, long>();

    /// <summary>Sums over the finished steps: total, templateView, crossModalView, contrastive.</summary>
    public IReadOnlyDictionary<string, double> LossSums { get; init; } = new Dictionary<string, double>();

    public required IReadOnlyDictionary<string, ValidationSum> Validation { get; init; }

    public double TrainSeconds { get; init; }

    /// <summary>Pieces that each micro-batch is cut into since memory ran out.</summary>
    public int Pieces { get; init; } = 1;

    /// <summary>Largest use of the first CUDA device's memory after a step, by all processes; 0 without one.</summary>
    public long DeviceMemoryBytes { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>
/// One safetensors file with weights, statistics, templates and moments, and the <see cref="RoundState"/> in its
/// metadata. One file that is replaced by a rename: a kill while writing leaves the checkpoint before, and tensors and
/// counters can never be of different steps.
/// </summary>
internal static class RoundCheckpoint
{
    private const string StateKey = "state";

    public static string PathIn(string jobFolder) => Path.Combine(jobFolder, "checkpoint", "state.safetensors");

    public static void Save(string jobFolder, RoundState state, RoundSession session)
    {
        var (master, optimizer) = (session.Group.Master, session.Optimizer);
        var metadata = OptimizerSnapshot.Metadata(optimizer);
        metadata[StateKey] = Encoding.UTF8.GetString(CanonicalJson.Serialize(state));
        SafetensorsWriter.WriteFile(
            PathIn(jobFolder),
            ModelFile.Sources(master.Model, master.Templates).Concat(OptimizerSnapshot.Sources(optimizer.AdamW)).Concat(Carried(optimizer).Select(t => TensorFile.Source(t.Key, t.Value))),
            metadata);
    }

    /// <summary>Restores the last checkpoint of this start, or returns null when there is none.</summary>
    /// <exception cref="FederationException">BMF-1505 when it is damaged or of another start.</exception>
    public static RoundState? Restore(string jobFolder, RoundSession session)
    {
        var path = PathIn(jobFolder);
        if (!File.Exists(path))
        {
            return null;
        }

        var (master, optimizer) = (session.Group.Master, session.Optimizer);
        try
        {
            using var file = new SafetensorsReader(path);
            var state = CanonicalJson.Deserialize<RoundState>(Encoding.UTF8.GetBytes(file.Metadata.GetValueOrDefault(StateKey, "")));
            if (state.Start != session.Start)
            {
                throw ErrorCatalogue.CheckpointInvalid.With($"{path} belongs to another model, plan, round or snapshot.");
            }

            foreach (var (name, tensor) in master.Model.State.All
                .Concat(master.Templates.Templates.Select(t => KeyValuePair.Create(TemplateBank.NameOf(t.Key), (Tensor)t.Value)))
                .Concat(Carried(optimizer)))
            {
                TensorFile.Read(file, name, tensor);
            }

            OptimizerSnapshot.Read(file, optimizer, required: true);
            session.Group.Spread(active: 1);
            return state;
        }
        catch (FederationException e) when (e.Code != ErrorCatalogue.CheckpointInvalid)
        {
            throw ErrorCatalogue.CheckpointInvalid.With(e.Message, e);
        }
    }

    /// <summary>What some plans carry from step to step: the moving average, sums of gradients.</summary>
    private static IEnumerable<KeyValuePair<string, Tensor>> Carried(RoundOptimizer optimizer) =>
        (optimizer.Average?.Tensors.Select(t => KeyValuePair.Create("average." + t.Key, t.Value)) ?? []).Concat(optimizer.Controls?.Sums ?? []);
}
