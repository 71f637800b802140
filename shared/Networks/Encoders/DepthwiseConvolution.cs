using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Kernels;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// Depth-wise convolution with stride 1 and an odd kernel padded to the same size, on grids [B, D, H, W, C]. On the CPU
/// it runs in <see cref="DepthwiseKernel"/>: the library's backward pass alone would be most of a training step there.
/// The gradient of the input is the same convolution with the mirrored kernel.
/// </summary>
internal sealed class DepthwiseConvolution : OwnFunction<DepthwiseConvolution>
{
    /// <param name="layer">Depth-wise layer: groups equal channels.</param>
    /// <param name="input">[B, D, H, W, C].</param>
    /// <param name="residual">Add the input to the output.</param>
    public static Tensor Call(Conv3d layer, Tensor input, bool residual = false)
    {
        using var scope = NewDisposeScope();
        if (!CpuKernels.OnCpu(input) || !DepthwiseKernel.Supports(layer.weight.shape[2]))
        {
            var output = Library(layer, input.permute(0, 4, 1, 2, 3)).permute(0, 2, 3, 4, 1);
            return (residual ? input + output : output).MoveToOuterDisposeScope();
        }

        // In mixed precision too: in 16 bits the library's gradient is slow here, and not the same twice.
        input = input.to(ScalarType.Float32);
        var grid = is_grad_enabled()
            ? Apply(input, layer.weight, layer.bias!, residual)
            : Convolve(input, layer.weight, layer.bias, residual, mirrored: false);
        return grid.MoveToOuterDisposeScope();
    }

    private protected override Tensor Forward(SavedForBackward saved, object[] arguments)
    {
        var (input, weight, bias, residual) = ((Tensor)arguments[0], (Tensor)arguments[1], (Tensor)arguments[2], (bool)arguments[3]);
        saved.Keep(input.contiguous(), weight);
        saved.State = residual;
        return Convolve(input, weight, bias, residual, mirrored: false);
    }

    private protected override unsafe void Backward(SavedForBackward saved, Tensor gradient, Tensor?[] gradients)
    {
        var (input, weight, residual) = (saved[0], saved[1], (bool)saved.State!);
        var (channels, side) = (weight.shape[0], (int)weight.shape[2]);
        gradients[0] = Convolve(gradient, weight, null, residual, mirrored: true);
        var taps = empty(new long[] { side * side * side, channels });
        gradients[2] = empty(channels);
        DepthwiseKernel.WeightGradient(TensorMemory.Pointer(input), TensorMemory.Pointer(gradient), TensorMemory.Pointer(taps), TensorMemory.Pointer(gradients[2]!), GridSize.Of(input), side);
        gradients[1] = taps.t().contiguous().reshape(weight.shape);
    }

    /// <summary>Where the library's fast kernels are wrong with groups, it computes in 64 bits, which those do not do.</summary>
    private static Tensor Library(Conv3d layer, Tensor input) =>
        input.device_type == DeviceType.CPU && LibraryConvolutions.Trust == ConvolutionTrust.ChannelsTogether
            ? nn.functional.conv3d(input.to(ScalarType.Float64), layer.weight.to(ScalarType.Float64), layer.bias!.to(ScalarType.Float64), padding: [.. Enumerable.Repeat(layer.weight.shape[2] / 2, 3)], groups: layer.weight.shape[0]).to(input.dtype)
            : layer.call(input);

    private static unsafe Tensor Convolve(Tensor input, Tensor weight, Tensor? bias, bool residual, bool mirrored)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var side = (int)weight.shape[2];
        var taps = weight.reshape(weight.shape[0], side * side * side).t();
        taps = (mirrored ? taps.flip(0) : taps).contiguous();
        if (residual)
        {
            // Adding the input is one more on the weight of its own voxel.
            using var centre = taps.narrow(0, taps.shape[0] / 2, 1);
            centre.add_(1);
        }

        var grid = input.contiguous();
        var output = empty_like(grid);
        DepthwiseKernel.Convolve(TensorMemory.Pointer(grid), TensorMemory.Pointer(taps), bias is null ? null : TensorMemory.Pointer(bias), TensorMemory.Pointer(output), GridSize.Of(grid), side);
        return output.MoveToOuterDisposeScope();
    }
}
