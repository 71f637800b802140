using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Checkpoints;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// Starts a downstream network from a pre-trained model: all of the encoder, and whatever of the decoder has the same
/// name and shape. The first convolutions saw one channel and are inflated or left untrained.
/// </summary>
public static class PretrainedWeights
{
    private static readonly string[] Stems = ["encoder.patch_embed1.proj", "decoder.proj1.proj", "conv1a"];

    /// <summary>Fills a network; what is not filled stays untrained.</summary>
    /// <param name="network">On the CPU.</param>
    /// <param name="path">Model of a pre-training, or an imported checkpoint.</param>
    /// <param name="stem">One of <see cref="Contracts.Finetuning.Stems"/>.</param>
    /// <exception cref="FederationException">BMF-1401, BMF-1405, or BMF-1406 when it has not the encoder of this network.</exception>
    public static PretrainedStart Load(DownstreamNetwork network, string path, string stem)
    {
        using var file = new SafetensorsReader(path);
        var (loaded, inflated, fresh) = (0, new List<string>(), new List<string>());
        foreach (var (name, tensor) in network.State.All)
        {
            var isStem = Array.Exists(Stems, s => name.StartsWith(s + ".", StringComparison.Ordinal));
            if (isStem && stem == Contracts.Finetuning.Stems.Reinit)
            {
                fresh.Add(name);
            }
            else if (Matches(file, name, tensor.shape))
            {
                TensorFile.Read(file, name, tensor);
                loaded++;
            }
            else if (isStem && tensor.shape.Length == 5 && Matches(file, name, OneChannel(tensor.shape)))
            {
                Inflate(file, name, tensor);
                inflated.Add(name);
            }
            else if (IsEncoder(name))
            {
                throw ErrorCatalogue.LayoutMismatch.With(
                    $"{path} has not the task's encoder: {name} should be F32 [{string.Join(", ", tensor.shape)}], found {Found(file, name)}. Give the task the network fields of the plan that it was trained with.");
            }
            else
            {
                fresh.Add(name);
            }
        }

        return new PretrainedStart(loaded, inflated, fresh);
    }

    private static string Found(SafetensorsReader file, string name) =>
        file.Tensors.TryGetValue(name, out var info) ? $"{info.DataType} [{string.Join(", ", info.Shape)}]" : "nothing";

    private static bool Matches(SafetensorsReader file, string name, IEnumerable<long> shape) =>
        file.Tensors.TryGetValue(name, out var info) && info.DataType == "F32" && info.Shape.SequenceEqual(shape);

    private static long[] OneChannel(long[] shape) => [shape[0], 1, .. shape[2..]];

    // The decoder of UNET3D begins with "up"; everything before it is its encoder.
    private static bool IsEncoder(string name) =>
        name.StartsWith("encoder.", StringComparison.Ordinal) || name.StartsWith("conv", StringComparison.Ordinal) || name.StartsWith("ds", StringComparison.Ordinal);

    /// <summary>The same filter for every channel, divided by their number: equal channels give what the one gave.</summary>
    private static void Inflate(SafetensorsReader file, string name, Tensor tensor)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var single = zeros(OneChannel(tensor.shape));
        TensorFile.Read(file, name, single);
        tensor.copy_((single / tensor.shape[1]).expand(tensor.shape));
    }
}

/// <summary>What a downstream network took over.</summary>
/// <param name="Loaded">Tensors that were copied.</param>
/// <param name="Inflated">First convolutions that were repeated over the input channels.</param>
/// <param name="Fresh">Tensors that stayed untrained.</param>
public sealed record PretrainedStart(int Loaded, IReadOnlyList<string> Inflated, IReadOnlyList<string> Fresh);
