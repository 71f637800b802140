using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// A 1³ convolution after batch normalisation, on rows of channels. On the CPU the normalisation is folded into the
/// weights.
/// </summary>
internal sealed class NormalizedLinear : OwnFunction<NormalizedLinear>
{
    /// <param name="norm">Batch normalisation of the input's channels.</param>
    /// <param name="layer">1³ convolution with bias.</param>
    /// <param name="rows">[rows, C].</param>
    /// <returns>[rows, C_out].</returns>
    public static Tensor Call(BatchNorm3d norm, Conv3d layer, Tensor rows)
    {
        if (CpuKernels.Apply(rows) && is_grad_enabled())
        {
            return Apply(rows, norm.weight!, norm.bias!, layer.weight, layer.bias!, norm);
        }

        using var scope = NewDisposeScope();
        if (!CpuKernels.Apply(rows))
        {
            return nn.functional.linear(BatchNormalization.Call(norm, rows), layer.weight.flatten(1), layer.bias).MoveToOuterDisposeScope();
        }

        using var folded = new FoldedNormalization(norm, layer.weight, layer.bias!, rows.contiguous());
        return folded.Bias.addmm(rows, folded.Weight.t(), 1, 1).MoveToOuterDisposeScope();
    }

    private protected override Tensor Forward(SavedForBackward saved, object[] arguments)
    {
        var rows = ((Tensor)arguments[0]).contiguous();
        var folded = new FoldedNormalization((BatchNorm3d)arguments[5], (Tensor)arguments[3], (Tensor)arguments[4], rows);
        saved.State = folded;
        saved.Keep(rows);
        return folded.Bias.addmm(rows, folded.Weight.t(), 1, 1);
    }

    private protected override unsafe void Backward(SavedForBackward saved, Tensor gradient, Tensor?[] gradients)
    {
        var folded = (FoldedNormalization)saved.State!;
        var sum = empty(gradient.shape[1]);
        RowKernel.Sum(TensorMemory.Pointer(gradient), gradient.shape[0], (int)gradient.shape[1], TensorMemory.Pointer(sum));
        var input = gradient.mm(folded.Weight);
        (gradients[1], gradients[2], gradients[3]) = folded.Backward(saved[0], gradient.t().mm(saved[0]), sum, input);
        (gradients[0], gradients[4]) = (input, sum);
    }
}
