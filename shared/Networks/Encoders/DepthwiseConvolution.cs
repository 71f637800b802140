using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Encoders;

/// <summary>
/// Depth-wise convolution with stride 1 and an odd kernel padded to the same size, with its own backward pass on the
/// CPU: the library's takes about twenty times its forward there and is most of a training step. The gradient of the
/// input is the same convolution with the mirrored kernel; the gradient of the weight is one matrix product of rows for
/// each pair of the two outer offsets, summed along its diagonals for the inner one.
/// </summary>
internal sealed class DepthwiseConvolution : autograd.SingleTensorFunction<DepthwiseConvolution>
{
    public override string Name => nameof(DepthwiseConvolution);

    /// <param name="layer">Depth-wise layer: groups equal channels.</param>
    /// <param name="input">[B, C, D, H, W].</param>
    public static Tensor Call(Conv3d layer, Tensor input) =>
        input.device_type == DeviceType.CPU && is_grad_enabled()
            ? apply(input, layer.weight, layer.bias!)
            : layer.call(input);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (input, weight, bias) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2]);
        ctx.save_for_backward([input, weight]);
        return Convolve(input, weight, bias);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var (input, weight) = (saved[0], saved[1]);

        // In mixed precision the output has 16 bits where input and weights may have 32: the products are made in the
        // output's format, and each gradient has the format of what it belongs to.
        var gradient = grad_output.contiguous();
        var format = gradient.dtype;
        return
        [
            Convolve(gradient, weight.to(format).flip(2, 3, 4), null).to(input.dtype).MoveToOuterDisposeScope(),
            WeightGradient(input.to(format), gradient, weight.shape[2]).to(weight.dtype).MoveToOuterDisposeScope(),
            gradient.sum([0, 2, 3, 4], type: weight.dtype).MoveToOuterDisposeScope(),
        ];
    }

    private static Tensor Convolve(Tensor input, Tensor weight, Tensor? bias)
    {
        var margin = weight.shape[2] / 2;
        return nn.functional.conv3d(input, weight, bias, padding: [margin, margin, margin], groups: weight.shape[0]);
    }

    private static Tensor WeightGradient(Tensor input, Tensor gradient, long kernel)
    {
        var margin = kernel / 2;
        var (batch, channels, depth, height, width) = (input.shape[0], input.shape[1], input.shape[2], input.shape[3], input.shape[4]);
        var padded = nn.functional.pad(input, [margin, margin, margin, margin, margin, margin]).transpose(0, 1).contiguous();
        var rows = gradient.transpose(0, 1).reshape(channels, batch * depth * height, width).transpose(1, 2).contiguous();
        var result = empty([channels, 1, kernel, kernel, kernel], dtype: gradient.dtype);
        for (var i = 0L; i < kernel; i++)
        {
            for (var j = 0L; j < kernel; j++)
            {
                using var scope = NewDisposeScope();
                var shifted = padded.narrow(2, i, depth).narrow(3, j, height).reshape(channels, batch * depth * height, width + (2 * margin));
                var products = rows.bmm(shifted);
                for (var l = 0L; l < kernel; l++)
                {
                    result[TensorIndex.Colon, 0, i, j, l] = products.diagonal(l, 1, 2).sum(1);
                }
            }
        }

        return result;
    }
}
