using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Networks.Models;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>The network of a task, of either kind. Build it outside dispose scopes.</summary>
public sealed class DownstreamNetwork : IDisposable
{
    private readonly SegmentationModel? _segmentation;
    private readonly ClassificationModel? _classification;

    /// <summary>Makes the untrained network: a function of the task's network, channels, outputs and seed.</summary>
    public DownstreamNetwork(FinetuneTask task)
    {
        var channels = task.Modalities.Count;
        if (task.Kind == TaskKinds.Segmentation)
        {
            _segmentation = SegmentationModel.Create(task.Network, channels, task.Regions.Count, task.Training.DeepSupervision, task.Training.Recomputation);
            ModelInitialization.Apply(_segmentation, task.Seed);
        }
        else
        {
            _classification = new ClassificationModel(task.Network, channels, task.Classes.Count, task.Training.Recomputation);
            ModelInitialization.Apply(_classification, task.Seed);
        }
    }

    /// <summary>Parameters and statistics by name.</summary>
    public ModelState State => _segmentation?.State ?? _classification!.State;

    /// <summary>Whether a tensor belongs to the layers that give logits, by its name.</summary>
    public bool IsHead(string name) => _segmentation?.IsHead(name) ?? _classification!.IsHead(name);

    /// <summary>Whether a tensor belongs to the finest stage, which sees the volumes, up to the way into the second; by its name.</summary>
    public bool IsFirstStage(string name) => _segmentation?.IsFirstStage(name) ?? _classification!.IsFirstStage(name);

    /// <summary>Where the network lives.</summary>
    public Device Device { get; private set; } = CPU;

    /// <summary>Moves all tensors. They are new ones afterwards: make optimisers later.</summary>
    public void MoveTo(Device device)
    {
        _segmentation?.MoveTo(device);
        _classification?.MoveTo(device);
        Device = device;
    }

    /// <summary>Normalisations by the batch, logits of coarser levels.</summary>
    /// <param name="fixedStatistics">Batch normalisations use their running statistics and leave them as they are (FixBN).</param>
    public void Train(bool fixedStatistics = false)
    {
        _segmentation?.train();
        _classification?.train();
        foreach (var norm in fixedStatistics ? State.BatchNorms : [])
        {
            norm.eval();
        }
    }

    /// <summary>Normalisations by the running statistics, logits of the finest level only.</summary>
    public void Evaluate()
    {
        _segmentation?.eval();
        _classification?.eval();
    }

    /// <summary>Logits, finest level last, and the deepest features.</summary>
    /// <param name="volumes">[B, C, R, A, S] on the network's device.</param>
    /// <returns>Segmentation: [B, K, R, A, S] each. Classification: one [B, K].</returns>
    public (IReadOnlyList<Tensor> Scales, Tensor Features) Forward(Tensor volumes)
    {
        if (_segmentation is not null)
        {
            var labelled = _segmentation.call(volumes);
            return (labelled.Scales, labelled.Features);
        }

        var classified = _classification!.call(volumes);
        return ([classified.Logits], classified.Features);
    }

    public void Dispose()
    {
        _segmentation?.Dispose();
        _classification?.Dispose();
    }
}
