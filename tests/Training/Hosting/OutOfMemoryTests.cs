using System.Runtime.InteropServices;
using BrainMVP.Federated.Training.Hosting;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Hosting;

public sealed class OutOfMemoryTests
{
    [Fact]
    public void An_allocation_that_fails_is_recognised()
    {
        var thrown = Assert.ThrowsAny<Exception>(() => zeros(1L << 50));
        Assert.True(OutOfMemory.Is(thrown), thrown.Message);
    }

    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.10 GiB")]
    [InlineData("[enforce fail at alloc_cpu.cpp:116] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")]
    [InlineData("[enforce fail at alloc_cpu.cpp:67] . DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes.")]
    [InlineData("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")]
    public void Texts_of_the_allocators_are_recognised_also_inside_other_exceptions(string text)
    {
        var plain = new NotSupportedException(text);
        Assert.True(OutOfMemory.Is(plain));
        Assert.True(OutOfMemory.Is(new InvalidOperationException("A replica failed.", plain)));
        Assert.True(OutOfMemory.Is(new AggregateException(new InvalidOperationException("Something else."), plain)));
    }

    [Fact]
    public void Managed_memory_counts_too() => Assert.True(OutOfMemory.Is(new InsufficientMemoryException()));

    [Fact]
    public void Other_failures_are_not()
    {
        using var scope = NewDisposeScope();
        var thrown = Assert.ThrowsAny<ExternalException>(() => ones(2, 3).add_(ones(4, 5)));
        Assert.False(OutOfMemory.Is(thrown));
        Assert.False(OutOfMemory.Is(new InvalidOperationException("The disk is full.")));
    }
}
