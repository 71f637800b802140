using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Checkpoints;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// A point on the line between the weights that a fine-tuning started from and those that it ended with (Wortsman et al.,
/// "Robust fine-tuning of zero-shot models", 2022, eq. 1).
/// </summary>
internal static class StartShare
{
    /// <summary>Replaces each tensor w, statistics included, by share · start + (1 − share) · w.</summary>
    /// <param name="network">As it was trained.</param>
    /// <param name="path">The start, with every tensor of the network; unread when the share is 0.</param>
    /// <param name="share">In [0, 1).</param>
    public static void Mix(DownstreamNetwork network, string? path, double share)
    {
        if (share == 0)
        {
            return;
        }

        using var noGradient = no_grad();
        using var file = new SafetensorsReader(path!);
        foreach (var (name, tensor) in network.State.All)
        {
            using var scope = NewDisposeScope();
            var start = zeros(tensor.shape);
            TensorFile.Read(file, name, start);
            tensor.mul_(1 - share).add_(start.to(tensor.device), alpha: share);
        }
    }
}
