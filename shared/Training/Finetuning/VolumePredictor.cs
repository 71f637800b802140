using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Hosting;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// Applies a task's network to whole volumes: windows that slide over a volume for segmentation, the crop in the middle
/// for classification. A modality that a case lacks gets its template or zeros.
/// </summary>
/// <param name="task">Channels, crop and inference.</param>
/// <param name="network">On its device.</param>
/// <param name="templates">Of the modalities that have one.</param>
public sealed class VolumePredictor(FinetuneTask task, DownstreamNetwork network, TemplateVolumes templates)
{
    /// <summary>
    /// Voxels that go through the network together at least, where a volume has as many windows: PyTorch convolves small
    /// volumes with its fast kernels only from a batch of two.
    /// </summary>
    private const int VoxelsAtOnce = 8 * 32 * 32 * 32;

    private static readonly bool[][] AllMirrors = [.. Enumerable.Range(0, 8).Select(n => new[] { (n & 1) != 0, (n & 2) != 0, (n & 4) != 0 })];

    /// <summary>Probability of each region at each voxel.</summary>
    /// <param name="item">A prepared case.</param>
    /// <param name="ct">Stops between two windows.</param>
    /// <returns>[K, R, A, S] on the case's grid, C order.</returns>
    public float[] Segment(TrainingCase item, CancellationToken ct = default)
    {
        using var noGradient = no_grad();
        network.Evaluate();
        var shape = new VolumeShape(item.Shape[0], item.Shape[1], item.Shape[2]);
        var crop = task.Imaging.Crop;
        var windows = new SlidingWindows(shape, new VolumeShape(crop[0], crop[1], crop[2]), task.Inference.Overlap);
        var weights = task.Inference.Weights == WindowWeights.Gaussian ? ImportanceMap.Gaussian(windows.Roi) : ImportanceMap.Constant(windows.Roi);
        var sums = new WindowAccumulator(windows, task.Regions.Count, weights);
        var channels = Channels(item);
        var voxels = crop[0] * crop[1] * crop[2];
        var atOnce = Math.Clamp(VoxelsAtOnce / voxels, 1, windows.Boxes.Count);
        using var input = zeros([atOnce, channels.Length, crop[0], crop[1], crop[2]]);
        while (sums.Next < windows.Boxes.Count)
        {
            ct.ThrowIfCancellationRequested();
            var count = Math.Min(atOnce, windows.Boxes.Count - sums.Next);
            for (var n = 0; n < count; n++)
            {
                for (var channel = 0; channel < channels.Length; channel++)
                {
                    windows.Read(channels[channel], sums.Next + n, ModelState.Elements(input).Slice(((n * channels.Length) + channel) * voxels, voxels));
                }
            }

            using var part = input.narrow(0, 0, count);
            foreach (var prediction in Logits(part).Chunk(task.Regions.Count * voxels))
            {
                sums.Add(prediction);
            }
        }

        return Array.ConvertAll(sums.Result(), v => 1 / (1 + MathF.Exp(-v)));
    }

    /// <summary>Probability of each class.</summary>
    /// <returns>K values that add up to 1.</returns>
    public double[] Classify(TrainingCase item)
    {
        using var noGradient = no_grad();
        network.Evaluate();
        var (crop, channels) = (task.Imaging.Crop, task.Modalities.Count);
        int[] start = [.. Enumerable.Range(0, 3).Select(axis => (item.Shape[axis] - crop[axis]) >> 1)];
        using var input = zeros([1, channels, crop[0], crop[1], crop[2]]);
        var voxels = crop[0] * crop[1] * crop[2];
        for (var channel = 0; channel < channels; channel++)
        {
            Copy(item, task.Modalities[channel], start, crop, ModelState.Elements(input).Slice(channel * voxels, voxels));
        }

        return Softmax(Logits(input));
    }

    /// <summary>Every input channel of a whole case.</summary>
    private float[][] Channels(TrainingCase item)
    {
        var channels = new float[task.Modalities.Count][];
        for (var channel = 0; channel < channels.Length; channel++)
        {
            channels[channel] = new float[item.Shape[0] * item.Shape[1] * item.Shape[2]];
            Copy(item, task.Modalities[channel], [0, 0, 0], item.Shape, channels[channel]);
        }

        return channels;
    }

    private void Copy(TrainingCase item, string modality, IReadOnlyList<int> start, IReadOnlyList<int> sides, Span<float> destination)
    {
        if (item.Modalities.Contains(modality, StringComparer.Ordinal))
        {
            item.Volume(modality).Copy(start, sides, destination);
        }
        else if (task.Training.MissingModalities == MissingFillers.Templates && templates.Has(modality))
        {
            templates.Copy(modality, [.. start.Zip(item.CanvasOffset, (a, b) => a + b)], sides, destination);
        }
        else
        {
            destination.Clear();
        }
    }

    /// <summary>Logits of windows, averaged over its mirror images where the task asks for it.</summary>
    private float[] Logits(Tensor windows)
    {
        if (!task.Inference.Flips)
        {
            return Forward(windows, []);
        }

        var sum = Forward(windows, []);
        foreach (var mirror in AllMirrors.Skip(1))
        {
            var next = Forward(windows, [.. Enumerable.Range(0, 3).Where(axis => mirror[axis]).Select(axis => axis + 2L)]);
            for (var n = 0; n < sum.Length; n++)
            {
                sum[n] += next[n];
            }
        }

        return Array.ConvertAll(sum, v => v / AllMirrors.Length);
    }

    private float[] Forward(Tensor windows, long[] mirrored)
    {
        using var gate = FinalizerGate.Enter();
        using var scope = NewDisposeScope();
        var seen = (mirrored.Length > 0 ? windows.flip(mirrored) : windows).to(network.Device);
        Tensor logits;
        using (Autocast.Enter(network.Device.type, task.Training.Precision))
        {
            logits = network.Forward(seen).Scales[^1];
        }

        logits = logits.to(ScalarType.Float32);
        logits = mirrored.Length > 0 && task.Kind == TaskKinds.Segmentation ? logits.flip(mirrored) : logits;
        return ModelState.Elements(logits.cpu().contiguous()).ToArray();
    }

    private static double[] Softmax(float[] logits)
    {
        var largest = logits.Max();
        var exponentials = logits.Select(l => Math.Exp(l - largest)).ToArray();
        var sum = exponentials.Sum();
        return [.. exponentials.Select(e => e / sum)];
    }
}
