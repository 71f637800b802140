using BrainMVP.Federated.Networks.Kernels;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Kernels;

public sealed class DenseConvolutionTests
{
    [Theory]
    [InlineData(24, 12, 3, 1)]
    [InlineData(12, 12, 3, 1)]
    [InlineData(48, 24, 3, 1)]
    [InlineData(24, 12, 1, 1)]
    [InlineData(4, 12, 3, 1)]
    [InlineData(8, 16, 3, 2)]
    [InlineData(40, 24, 3, 2)]
    [InlineData(64, 32, 3, 1)]
    public void Output_and_gradients_are_those_of_64_bits_on_this_processor(int inputs, int outputs, int kernel, int stride)
    {
        using var scope = NewDisposeScope();
        using (full(new long[] { 500_000 }, float.NaN))
        {
        }

        using var layer = nn.Conv3d(inputs, outputs, kernel, stride: stride, padding: kernel / 2);
        var input = randn(new long[] { 2, inputs, 8, 10, 6 }, generator: new Generator(7)).requires_grad_();
        var output = DenseConvolution.Call(layer, input);
        (output * output).sum().backward();

        var (x, w, b) = (Wide(input), Wide(layer.weight), Wide(layer.bias!));
        var expected = nn.functional.conv3d(x, w, b, strides: [stride, stride, stride], padding: [kernel / 2, kernel / 2, kernel / 2]);
        (expected * expected).sum().backward();
        Same(expected, output);
        Same(x.grad!, input.grad!);
        Same(w.grad!, layer.weight.grad!);
        Same(b.grad!, layer.bias!.grad!);
    }

    private static Tensor Wide(Tensor tensor) => tensor.detach().to(ScalarType.Float64).requires_grad_();

    private static void Same(Tensor expected, Tensor found)
    {
        var largest = expected.abs().max().item<double>();
        Assert.InRange((found.to(ScalarType.Float64) - expected).abs().max().item<double>(), 0, largest * 1e-4);
    }
}
