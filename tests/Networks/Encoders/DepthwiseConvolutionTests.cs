using BrainMVP.Federated.Networks.Encoders;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Tests.Encoders;

public sealed class DepthwiseConvolutionTests
{
    [Theory]
    [InlineData(1, 3, 2, 2, 2)]
    [InlineData(3, 3, 4, 6, 5)]
    [InlineData(5, 5, 7, 3, 8)]
    [InlineData(2, 5, 16, 16, 16)]
    public void Own_backward_pass_equals_the_library(int batch, int kernel, int depth, int height, int width)
    {
        using var layer = Conv3d(6, 6, kernel_size: kernel, padding: kernel / 2, groups: 6);
        using var scope = NewDisposeScope();
        long[] shape = [batch, 6, depth, height, width];
        var upstream = Tiny.Uniform(shape, "upstream") - 0.5;
        var (ours, theirs) = (Tiny.Uniform(shape, "x").requires_grad_(), Tiny.Uniform(shape, "x").requires_grad_());

        var expected = layer.call(theirs);
        (expected * upstream).sum().backward();
        var (weight, bias) = (layer.weight.grad!.clone(), layer.bias!.grad!.clone());
        layer.zero_grad();
        var actual = DepthwiseConvolution.Call(layer, ours);
        (actual * upstream).sum().backward();

        Assert.True(actual.allclose(expected));
        Assert.True(ours.grad!.allclose(theirs.grad!, 1e-4, 1e-5));
        Assert.True(layer.weight.grad!.allclose(weight, 1e-4, 1e-4));
        Assert.True(layer.bias!.grad!.allclose(bias, 1e-4, 1e-4));
    }
}
