using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Networks.Models;

namespace BrainMVP.Federated.Training.Checkpoints;

/// <summary>
/// A site's own batch normalisations (affine parameters and running statistics) in <c>batchNorm.safetensors</c>, which
/// FedBN carries from round to round instead of the averaged ones (Li et al. 2021).
/// </summary>
public static class BatchNormSnapshot
{
    public static string PathIn(string folder) => Path.Combine(folder, "batchNorm.safetensors");

    public static void Save(string folder, ReconstructionModel model) =>
        SafetensorsWriter.WriteFile(PathIn(folder), Tensors(model).Select(t => TensorFile.Source(t.Key, t.Value)));

    /// <summary>Replaces a model's batch normalisations.</summary>
    /// <exception cref="FederationException">BMF-1505 when the snapshot is missing, damaged or of another network.</exception>
    public static void Load(string folder, ReconstructionModel model)
    {
        try
        {
            using var file = new SafetensorsReader(PathIn(folder));
            foreach (var (name, tensor) in Tensors(model))
            {
                TensorFile.Read(file, name, tensor);
            }
        }
        catch (Exception e) when (e is FederationException or IOException)
        {
            throw ErrorCatalogue.CheckpointInvalid.With(e.Message, e);
        }
    }

    private static IEnumerable<KeyValuePair<string, TorchSharp.torch.Tensor>> Tensors(ReconstructionModel model) =>
        model.State.All.Where(t => model.State.BatchNormNames.Contains(t.Key));
}
