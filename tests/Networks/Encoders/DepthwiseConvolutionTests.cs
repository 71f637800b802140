using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Encoders;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Tests.Encoders;

public sealed class DepthwiseConvolutionTests
{
    [Theory]
    [InlineData(1, 3, 2, 2, 2, 12)]
    [InlineData(3, 3, 4, 6, 5, 6)]
    [InlineData(5, 5, 7, 3, 8, 8)]
    [InlineData(2, 5, 16, 16, 16, 12)]
    [InlineData(1, 5, 9, 12, 13, 20)]
    [InlineData(2, 3, 1, 3, 4, 3)]
    [InlineData(2, 5, 2, 1, 3, 16)]
    public void Own_kernel_and_its_gradients_equal_the_library(int batch, int side, int depth, int height, int width, int channels)
    {
        using var layer = Conv3d(channels, channels, kernel_size: side, padding: side / 2, groups: channels);
        using var scope = NewDisposeScope();
        long[] shape = [batch, depth, height, width, channels];
        var upstream = Tiny.Uniform(shape, "upstream") - 0.5;
        var (ours, theirs) = (Tiny.Uniform(shape, "x").requires_grad_(), Tiny.Uniform(shape, "x").requires_grad_());

        var expected = theirs + layer.call(theirs.permute(0, 4, 1, 2, 3).contiguous()).permute(0, 2, 3, 4, 1);
        (expected * upstream).sum().backward();
        var (weight, bias) = (layer.weight.grad!.clone(), layer.bias!.grad!.clone());
        layer.zero_grad();
        var actual = DepthwiseConvolution.Call(layer, ours, residual: true);
        BackwardPass.Run((actual * upstream).sum());

        Close.Check("output", expected, actual);
        Close.Check("input", theirs.grad!, ours.grad!);
        Close.Check("weight", weight, layer.weight.grad!);
        Close.Check("bias", bias, layer.bias!.grad!);
    }
}
