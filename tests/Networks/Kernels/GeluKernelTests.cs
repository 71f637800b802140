using BrainMVP.Federated.Networks.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Kernels;

public sealed class GeluKernelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(37)]
    [InlineData(64)]
    public unsafe void Values_and_slopes_are_those_of_the_exact_function(int columns)
    {
        using var scope = NewDisposeScope();
        var bias = Tiny.Uniform([columns], "bias");
        var h = linspace(-30, 30, 4000L * columns).reshape(4000, columns).contiguous();
        var exact = (h + bias).to(ScalarType.Float64).requires_grad_();
        var expected = nn.functional.gelu(exact);
        expected.sum().backward();

        var (forward, values, slopes) = (empty_like(h), empty_like(h), ones_like(h));
        GeluKernel.Forward(TensorMemory.Pointer(h), TensorMemory.Pointer(bias), TensorMemory.Pointer(forward), 4000, columns);
        GeluKernel.Backward(TensorMemory.Pointer(h), TensorMemory.Pointer(bias), TensorMemory.Pointer(values), TensorMemory.Pointer(slopes), 4000, columns);
        Assert.True(forward.equal(values).all().item<bool>());
        Assert.True(forward.to(ScalarType.Float64).allclose(expected, 3e-7, 3e-7));
        Assert.True(slopes.to(ScalarType.Float64).allclose(exact.grad!, 3e-7, 6e-7));
    }
}
