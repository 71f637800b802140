using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// Layer normalisation of the channels of rows. On the CPU in <see cref="LayerNormKernel"/>, which is several times
/// faster than the library on narrow rows and keeps nothing but the input.
/// </summary>
internal sealed unsafe class LayerNormalization : OwnFunction<LayerNormalization>
{
    /// <param name="layer">Affine parameters and eps.</param>
    /// <param name="rows">[..., C].</param>
    /// <returns>Same shape.</returns>
    public static Tensor Call(LayerNorm layer, Tensor rows)
    {
        if (!CpuKernels.Apply(rows))
        {
            return layer.call(rows);
        }

        if (is_grad_enabled())
        {
            return Apply(rows, layer.weight!, layer.bias!, layer.eps);
        }

        using var scope = NewDisposeScope();
        return Run(rows.contiguous(), layer.weight!, layer.bias!, layer.eps).MoveToOuterDisposeScope();
    }

    private protected override Tensor Forward(SavedForBackward saved, object[] arguments)
    {
        var (rows, weight, bias, eps) = (((Tensor)arguments[0]).contiguous(), (Tensor)arguments[1], (Tensor)arguments[2], (double)arguments[3]);
        saved.Keep(rows, weight);
        saved.State = eps;
        return Run(rows, weight, bias, eps);
    }

    private protected override void Backward(SavedForBackward saved, Tensor gradient, Tensor?[] gradients)
    {
        var (rows, weight) = (saved[0], saved[1]);
        var columns = weight.shape[0];
        var (input, weights, biases) = (zeros_like(rows), zeros(columns), zeros(columns));
        LayerNormKernel.Backward(TensorMemory.Pointer(rows), TensorMemory.Pointer(weight), TensorMemory.Pointer(gradient), TensorMemory.Pointer(input), TensorMemory.Pointer(weights), TensorMemory.Pointer(biases), rows.numel() / columns, (int)columns, (double)saved.State!);
        (gradients[0], gradients[1], gradients[2]) = (input, weights, biases);
    }

    private static Tensor Run(Tensor rows, Tensor weight, Tensor bias, double eps)
    {
        var output = empty_like(rows);
        LayerNormKernel.Forward(TensorMemory.Pointer(rows), TensorMemory.Pointer(weight), TensorMemory.Pointer(bias), TensorMemory.Pointer(output), rows.numel() / weight.shape[0], (int)weight.shape[0], eps);
        return output;
    }
}
