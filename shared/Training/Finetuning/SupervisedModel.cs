using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Checkpoints;
using BrainMVP.Federated.Training.Hosting;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>The model files of a supervised run.</summary>
public static class SupervisedModel
{
    /// <summary>Writes what a supervised plan starts from: a function of plan and encoder.</summary>
    /// <param name="plan">A supervised plan.</param>
    /// <param name="encoder">Pre-trained model; null starts untrained.</param>
    /// <param name="path">Safetensors file to write durably.</param>
    /// <returns>What was taken over; null without an encoder.</returns>
    /// <exception cref="FederationException">BMF-1401, 1403, 1405, or 1406 when the encoder is of another network.</exception>
    public static PretrainedStart? WriteInitial(Plan plan, string? encoder, string path)
    {
        TorchRuntime.Start(plan.Training.Threads);
        using var network = new DownstreamNetwork(plan.ToTask());
        var start = encoder is null ? null : PretrainedWeights.Load(network, encoder, plan.Finetuning.Stem);
        SafetensorsWriter.WriteFile(path, Shared(plan, network));
        return start;
    }

    /// <summary>Tensors that the sites share, the federation's model.</summary>
    internal static IEnumerable<TensorSource> Shared(Plan plan, DownstreamNetwork network) =>
        network.State.All.Where(t => !OwnTensors.IsPrivate(plan, network, t.Key)).Select(t => TensorFile.Source(t.Key, t.Value));

    /// <summary>A site's network on the CPU: the federation's model, and what the site keeps of its own.</summary>
    /// <param name="plan">A supervised plan.</param>
    /// <param name="modelPath">Model of the federation.</param>
    /// <param name="snapshotFolder">Of the last committed round; null in the first.</param>
    /// <exception cref="FederationException">BMF-1401, 1405, 1406, 1505.</exception>
    internal static DownstreamNetwork Load(Plan plan, string modelPath, string? snapshotFolder)
    {
        // The run's seed, not the site's: private layers begin alike, so that the shared ones learn to feed the same ones.
        var network = new DownstreamNetwork(plan.ToTask());
        try
        {
            using (var file = new SafetensorsReader(modelPath))
            {
                foreach (var (name, tensor) in network.State.All.Where(t => !OwnTensors.IsPrivate(plan, network, t.Key)))
                {
                    TensorFile.Read(file, name, tensor);
                }

                var known = network.State.All.Select(t => t.Key).ToHashSet(StringComparer.Ordinal);
                if (file.Tensors.Keys.FirstOrDefault(n => !known.Contains(n)) is { } stranger)
                {
                    throw ErrorCatalogue.LayoutMismatch.With($"{modelPath}: the plan's network has no tensor {stranger}.");
                }
            }

            if (snapshotFolder is not null && OwnTensors.Any(plan))
            {
                OwnTensors.Load(snapshotFolder, plan, network);
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }
}
