using System.Text;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Models;
using BrainMVP.Federated.Training.Optimization;

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
}

/// <summary>
/// One safetensors file with weights, statistics, templates and moments, and the <see cref="RoundState"/> in its
/// metadata. One file that is replaced by a rename: a kill while writing leaves the checkpoint before, and tensors and
/// counters can never be of different steps.
/// </summary>
public static class RoundCheckpoint
{
    private const string StateKey = "state";

    public static string PathIn(string jobFolder) => Path.Combine(jobFolder, "checkpoint", "state.safetensors");

    public static void Save(string jobFolder, RoundState state, ReconstructionModel model, TemplateBank templates, AdamW optimizer)
    {
        var metadata = OptimizerSnapshot.Metadata(optimizer);
        metadata[StateKey] = Encoding.UTF8.GetString(CanonicalJson.Serialize(state));
        SafetensorsWriter.WriteFile(PathIn(jobFolder), ModelFile.Sources(model, templates).Concat(OptimizerSnapshot.Sources(optimizer)), metadata);
    }

    /// <summary>Restores the last checkpoint of this start, or returns null when there is none.</summary>
    /// <exception cref="FederationException">BMF-1505 when it is damaged or of another start.</exception>
    public static RoundState? Restore(string jobFolder, string start, ReconstructionModel model, TemplateBank templates, AdamW optimizer)
    {
        var path = PathIn(jobFolder);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var file = new SafetensorsReader(path);
            var state = CanonicalJson.Deserialize<RoundState>(Encoding.UTF8.GetBytes(file.Metadata.GetValueOrDefault(StateKey, "")));
            if (state.Start != start)
            {
                throw ErrorCatalogue.CheckpointInvalid.With($"{path} belongs to another model, plan, round or snapshot.");
            }

            foreach (var (name, tensor) in model.State.All)
            {
                TensorFile.Read(file, name, tensor);
            }

            foreach (var (modality, template) in templates.Templates)
            {
                TensorFile.Read(file, TemplateBank.NameOf(modality), template);
            }

            OptimizerSnapshot.Read(file, optimizer, required: true);
            return state;
        }
        catch (FederationException e) when (e.Code != ErrorCatalogue.CheckpointInvalid)
        {
            throw ErrorCatalogue.CheckpointInvalid.With(e.Message, e);
        }
    }
}
