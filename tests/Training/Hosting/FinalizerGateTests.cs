using System.Runtime.CompilerServices;
using BrainMVP.Federated.Training.Hosting;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Hosting;

public sealed class FinalizerGateTests
{
    private static int _finalized;

    [Fact]
    public void Nothing_is_finalized_while_the_gate_is_held_and_everything_afterwards()
    {
        Settle();
        _finalized = 0;
        using (FinalizerGate.Enter())
        {
            Assert.True(FinalizerGate.IsHeld);
            DropOne();
            GC.Collect();
            Thread.Sleep(100);
            Assert.Equal(0, _finalized);
        }

        Settle();
        Assert.False(FinalizerGate.IsHeld);
        Assert.Equal(1, _finalized);
    }

    [Fact]
    public async Task Holds_of_several_threads_add_up()
    {
        Settle();
        _finalized = 0;
        var first = FinalizerGate.Enter();
        var second = await Task.Run(FinalizerGate.Enter, TestContext.Current.CancellationToken);
        first.Dispose();
        DropOne();
        GC.Collect();
        Thread.Sleep(50);
        Assert.Equal(0, _finalized);
        second.Dispose();
        Settle();
        Assert.Equal(1, _finalized);
    }

    [Fact]
    public void Memory_is_given_back_inside_of_a_held_gate_which_stays_held()
    {
        Settle();
        _finalized = 0;
        using (FinalizerGate.Enter())
        {
            DropOne();
            MemoryLimit.Release();
            Assert.Equal(1, _finalized);
            DropOne();
            GC.Collect();
            Thread.Sleep(50);
            Assert.Equal(1, _finalized);
        }
    }

    /// <summary>Without the gate the same loop fails within seconds on a busy machine: an operand is freed while it is read.</summary>
    [Fact]
    public void Scalars_keep_their_values_while_another_thread_collects_garbage()
    {
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.Collect(0, GCCollectionMode.Forced, blocking: true);
                Thread.Sleep(1);
            }
        });
        collector.Start();
        try
        {
            using var one = ones(64);
            for (var step = 0; step < 20; step++)
            {
                using var gate = FinalizerGate.Enter();
                using var scope = NewDisposeScope();
                for (var n = 0; n < 200; n++)
                {
                    Assert.Equal(1 + n, (one + (double)n)[n % 64].item<float>());
                }
            }
        }
        finally
        {
            stop.Cancel();
            collector.Join();
        }
    }

    private static void Settle()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DropOne() => _ = new Counted();

    private sealed class Counted
    {
        ~Counted() => Interlocked.Increment(ref _finalized);
    }
}
