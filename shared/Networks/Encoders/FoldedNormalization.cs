using BrainMVP.Federated.Networks.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// A batch normalisation folded into the linear map behind it. Normalising is one scale a and one shift c for each
/// channel: W (a x + c) + b = (W · diag(a)) x + (b + W c), so the normalised values are never written.
/// </summary>
internal sealed class FoldedNormalization : IDisposable
{
    private readonly Tensor _matrix;
    private readonly long[] _shape;
    private readonly Tensor _mean;
    private readonly Tensor _scale;
    private readonly Tensor _slope;
    private readonly Tensor _shift;
    private readonly bool _trained;

    /// <param name="norm">The batch normalisation; its running statistics move when it trains.</param>
    /// <param name="weight">W, [C_out, C, ...].</param>
    /// <param name="bias">b, [C_out].</param>
    /// <param name="rows">x, [rows, C], contiguous.</param>
    public FoldedNormalization(BatchNorm3d norm, Tensor weight, Tensor bias, Tensor rows)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        (_shape, _trained) = (weight.shape, norm.training);
        _matrix = weight.detach().flatten(1);
        (_mean, _scale) = BatchNormalization.Statistics(norm, rows);
        _slope = norm.weight! * _scale;
        _shift = norm.bias! - (_slope * _mean);
        Weight = _matrix * _slope;
        Bias = bias + _matrix.mv(_shift);
        foreach (var tensor in Tensors)
        {
            tensor.DetachFromDisposeScope();
        }
    }

    /// <summary>W · diag(a), [C_out, C].</summary>
    public Tensor Weight { get; }

    /// <summary>b + W c, [C_out].</summary>
    public Tensor Bias { get; }

    private IEnumerable<Tensor> Tensors => [_matrix, _mean, _scale, _slope, _shift, Weight, Bias];

    /// <summary>
    /// Gradients of W and of the norm's affine parameters from P = Gᵀx and s = Σ G; with dz = G W, Σ dz = Wᵀ s and
    /// Σ dz · x is the sum over the outputs of W ∘ P. Completes the gradient of x by what the statistics add to it.
    /// </summary>
    /// <param name="rows">x, [rows, C], contiguous.</param>
    /// <param name="projected">P, [C_out, C].</param>
    /// <param name="sum">s, [C_out].</param>
    /// <param name="input">G · <see cref="Weight"/> on entry, the gradient of x on return; contiguous.</param>
    public unsafe (Tensor NormWeight, Tensor NormBias, Tensor Weight) Backward(Tensor rows, Tensor projected, Tensor sum, Tensor input)
    {
        var total = _matrix.t().mv(sum);
        var norm = ((_matrix * projected).sum([0L]) - (_mean * total)) * _scale;
        if (_trained)
        {
            var factor = _slope * _scale * norm / -rows.shape[0];
            var constant = (_slope * total / -rows.shape[0]) - (factor * _mean);
            RowKernel.AddScaled(TensorMemory.Pointer(input), TensorMemory.Pointer(rows), TensorMemory.Pointer(factor), TensorMemory.Pointer(constant), rows.shape[0], (int)rows.shape[1]);
        }

        return (norm, total, ((projected * _slope) + (sum.unsqueeze(1) * _shift)).reshape(_shape));
    }

    public void Dispose()
    {
        foreach (var tensor in Tensors)
        {
            tensor.Dispose();
        }
    }
}
