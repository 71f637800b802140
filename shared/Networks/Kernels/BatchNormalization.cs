using BrainMVP.Federated.Networks.Autograd;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>Batch normalisation over the rows of a matrix [rows, channels].</summary>
internal static unsafe class BatchNormalization
{
    /// <summary>The library's operator, which also moves the running statistics when the layer trains.</summary>
    /// <param name="layer">Affine parameters, statistics, eps and momentum.</param>
    /// <param name="rows">[rows, channels].</param>
    public static Tensor Call(BatchNorm3d layer, Tensor rows)
    {
        using var scope = NewDisposeScope();
        var (mean, variance) = (layer.running_mean!, layer.running_var!);
        if (layer.training && Recomputation.IsRepeating)
        {
            // The first run has moved the statistics; this one moves copies.
            (mean, variance) = (mean.clone(), variance.clone());
        }
        else if (layer.training)
        {
            layer.num_batches_tracked?.add_(1);
        }

        return nn.functional.batch_norm(rows, mean, variance, layer.weight, layer.bias, layer.training, layer.momentum ?? 0.1, layer.eps).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The statistics the layer normalises by: of these rows when it trains, which also moves the running ones, otherwise
    /// the running ones.
    /// </summary>
    /// <returns>Mean and 1 / √(variance + eps), [channels] each.</returns>
    public static (Tensor Mean, Tensor Scale) Statistics(BatchNorm3d layer, Tensor rows)
    {
        if (!layer.training)
        {
            return (layer.running_mean!.clone(), (layer.running_var! + layer.eps).rsqrt());
        }

        var (count, channels) = (rows.shape[0], rows.shape[1]);
        var (mean, variance) = (empty(channels), empty(channels));
        RowKernel.Statistics(TensorMemory.Pointer(rows), count, (int)channels, TensorMemory.Pointer(mean), TensorMemory.Pointer(variance));
        if (!Recomputation.IsRepeating)
        {
            // The running variance is the unbiased one.
            var momentum = layer.momentum ?? 0.1;
            layer.running_mean!.mul_(1 - momentum).add_(mean, alpha: momentum);
            layer.running_var!.mul_(1 - momentum).add_(variance, alpha: momentum * count / Math.Max(1, count - 1));
            layer.num_batches_tracked?.add_(1);
        }

        return (mean, (variance + layer.eps).rsqrt());
    }
}
