using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Checkpoints;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// What a site keeps of a supervised run's network instead of the federation's: its last layer (downstream.localHeads),
/// its first stage (downstream.localStems) and its batch normalisations (training.batchNorm local), in
/// <c>own.safetensors</c> of the snapshot. Of the first stage and the normalisations the federation's model has the
/// mean, for newcomers.
/// </summary>
internal static class OwnTensors
{
    public static string PathIn(string folder) => Path.Combine(folder, "own.safetensors");

    /// <summary>Whether a tensor is never sent and no part of the federation's model.</summary>
    public static bool IsPrivate(Plan plan, DownstreamNetwork network, string name) => plan.Downstream.LocalHeads && network.IsHead(name);

    /// <summary>Whether the plan lets sites keep anything.</summary>
    public static bool Any(Plan plan) => plan.Downstream.LocalHeads || plan.Downstream.LocalStems || KeepsNormalisations(plan);

    /// <summary>Whether sites keep their batch normalisations (FedBN).</summary>
    public static bool KeepsNormalisations(Plan plan) => plan.Training.BatchNorm == "local";

    public static void Save(string folder, Plan plan, DownstreamNetwork network) =>
        SafetensorsWriter.WriteFile(PathIn(folder), Of(plan, network).Select(t => TensorFile.Source(t.Key, t.Value)));

    /// <exception cref="FederationException">BMF-1505 when the snapshot is missing, damaged or of another network.</exception>
    public static void Load(string folder, Plan plan, DownstreamNetwork network)
    {
        try
        {
            using var file = new SafetensorsReader(PathIn(folder));
            foreach (var (name, tensor) in Of(plan, network))
            {
                TensorFile.Read(file, name, tensor);
            }
        }
        catch (Exception e) when (e is FederationException or IOException)
        {
            throw ErrorCatalogue.CheckpointInvalid.With(e.Message, e);
        }
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Of(Plan plan, DownstreamNetwork network) => network.State.All
        .Where(t => IsPrivate(plan, network, t.Key) || (plan.Downstream.LocalStems && network.IsFirstStage(t.Key))
            || (KeepsNormalisations(plan) && network.State.BatchNormNames.Contains(t.Key)));
}
