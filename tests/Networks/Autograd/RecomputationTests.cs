using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Kernels;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Models;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Autograd;

public sealed class RecomputationTests
{
    [Theory]
    [InlineData(Backbones.UniFormer, true, true)]
    [InlineData(Backbones.UniFormer, true, false)]
    [InlineData(Backbones.UniFormer, false, true)]
    [InlineData(Backbones.UNet3D, true, true)]
    [InlineData(Backbones.UNet3D, true, false)]
    public void Gradients_outputs_and_statistics_have_the_same_bits_as_without(string backbone, bool ownKernels, bool inputMoves)
    {
        CpuKernels.SwitchedOff = !ownKernels;
        try
        {
            Assert.Equal(Step(backbone, false, inputMoves), Step(backbone, true, inputMoves));
        }
        finally
        {
            CpuKernels.SwitchedOff = false;
        }
    }

    [Fact]
    public void A_part_keeps_only_its_input_and_runs_twice()
    {
        var runs = 0;
        using var scope = NewDisposeScope();
        var (x, w) = (Tiny.Uniform([4], "x").requires_grad_(), Tiny.Uniform([4], "w").requires_grad_());
        var y = Recomputation.Call(
            input =>
            {
                runs++;
                Assert.Equal(runs == 2, Recomputation.IsRepeating);
                return input * w * input;
            },
            x,
            [w]);
        BackwardPass.Run(y.sum());
        Assert.Equal(2, runs);
        Assert.False(Recomputation.IsRepeating);
        Assert.True(x.grad!.allclose(2 * x * w));
        Assert.True(w.grad!.allclose(x * x));
    }

    [Fact]
    public void Nothing_is_repeated_without_gradients()
    {
        var runs = 0;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Recomputation.Call(input => input * ++runs, Tiny.Uniform([4], "x"), []);
        Assert.Equal(1, runs);
    }

    [Fact]
    public void A_failure_in_the_backward_pass_becomes_an_exception_of_the_caller()
    {
        using var scope = NewDisposeScope();
        var x = Tiny.Uniform([4], "x").requires_grad_();
        var y = Recomputation.Call(input => Recomputation.IsRepeating ? throw new InvalidOperationException("no memory") : input * 2, x, []);
        Assert.Equal("no memory", Assert.Throws<InvalidOperationException>(() => BackwardPass.Run(y.sum())).Message);

        // The next pass is not affected.
        BackwardPass.Run((x * 3).sum());
        Assert.Equal(3, x.grad![0].item<float>());
    }

    [Fact]
    public void A_failure_inside_of_a_repeated_part_becomes_an_exception_of_the_caller_too()
    {
        using var scope = NewDisposeScope();
        var x = Tiny.Uniform([4], "x").requires_grad_();
        var runs = 0;
        var y = Recomputation.Call(outer => Recomputation.Call(Inner, outer * 2, []) * 3, x, []);
        Assert.Throws<InvalidOperationException>(() => BackwardPass.Run(y.sum()));
        Assert.Equal(3, runs);

        // Forward, forward of the repeated outer part, and its own repetition.
        Tensor Inner(Tensor t) => ++runs == 3 ? throw new InvalidOperationException() : t + 1;
    }

    [Fact]
    public void A_failure_behind_other_functions_whose_scopes_are_closed_becomes_an_exception_too()
    {
        using var scope = NewDisposeScope();
        var x = Tiny.Uniform([4], "x").requires_grad_();
        var y = x;
        for (var i = 0; i < 4; i++)
        {
            var failing = i == 2;
            using var closed = NewDisposeScope();
            y = Recomputation.Call(input => failing && Recomputation.IsRepeating ? throw new InvalidOperationException("no memory") : input * 2, y, []).MoveToOuterDisposeScope();
        }

        Assert.Equal("no memory", Assert.Throws<InvalidOperationException>(() => BackwardPass.Run(y.sum())).Message);
    }

    [Fact]
    public void A_failure_in_the_forward_pass_lets_go_of_everything_that_was_kept()
    {
        using var scope = NewDisposeScope();
        BackwardPass.Abandon();
        var x = Tiny.Uniform([4], "x").requires_grad_();
        var y = Recomputation.Call(input => input * 2, Recomputation.Call(input => input + 1, x, []), []);
        Assert.Equal("no memory", Assert.Throws<InvalidOperationException>(() => Recomputation.Call(_ => throw new InvalidOperationException("no memory"), y, [])).Message);

        // The failed one has nothing; the two before it wait for a pass that may still come.
        Assert.Equal(2, BackwardPass.Abandon());
        Assert.Equal(0, BackwardPass.Abandon());
        BackwardPass.Run(Recomputation.Call(input => input * 3, x, []).sum());
        Assert.Equal(3, x.grad![0].item<float>());
        Assert.Equal(0, BackwardPass.Abandon());
    }

    [Fact]
    public void A_second_backward_pass_over_the_same_graph_is_refused()
    {
        using var scope = NewDisposeScope();
        var x = Tiny.Uniform([4], "x").requires_grad_();
        var y = Recomputation.Call(input => input * 2, x, []).sum();
        y.backward([ones_like(y)], retain_graph: true);
        Assert.Throws<InvalidOperationException>(() => BackwardPass.Run(y));
    }

    [Fact]
    public void Mixed_precision_of_the_forward_pass_is_switched_on_again_and_own_kernels_step_aside()
    {
        var previous = Ambient.Capture;
        var (entered, left) = (0, 0);
        try
        {
            Ambient.Capture = () => () =>
            {
                entered++;
                return new Leave(() => left++);
            };
            using var scope = NewDisposeScope();
            var x = Tiny.Uniform([4], "x").requires_grad_();
            Assert.False(CpuKernels.Apply(x));
            BackwardPass.Run(Recomputation.Call(input => input * 2, x, []).sum());
            Assert.Equal((1, 1), (entered, left));
        }
        finally
        {
            Ambient.Capture = previous;
        }
    }

    private static Dictionary<string, float[]> Step(string backbone, bool recomputation, bool inputMoves)
    {
        var plan = backbone == Backbones.UNet3D ? Tiny.UNet3D : Tiny.Network with { Depths = [2, 1, 2, 1] };
        using var model = Tiny.Model(plan, recomputation: recomputation);
        using var scope = NewDisposeScope();
        var target = Tiny.Uniform([4, 1, 32, 16, 32], "target");
        var input = (target * 0.5).detach().requires_grad_(inputMoves);
        var (features, volume) = model.call(input);
        var halves = features.chunk(2);
        BackwardPass.Run(PretrainingLosses.Reconstruction(volume, target) + PretrainingLosses.Contrastive(halves[0], halves[1], 0.1));
        var result = model.State.Parameters.ToDictionary(p => "gradient " + p.Key, p => ModelState.Elements(p.Value.grad!).ToArray());
        foreach (var (name, statistic) in model.State.Statistics)
        {
            result.Add(name, ModelState.Elements(statistic).ToArray());
        }

        foreach (var (name, counter) in model.named_buffers().Where(b => b.name.EndsWith("num_batches_tracked", StringComparison.Ordinal)))
        {
            Assert.Equal(1, counter.item<long>());
        }

        result.Add("volume", ModelState.Elements(volume.detach()).ToArray());
        if (inputMoves)
        {
            result.Add("input", ModelState.Elements(input.grad!).ToArray());
        }

        return result;
    }

    private sealed class Leave(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
