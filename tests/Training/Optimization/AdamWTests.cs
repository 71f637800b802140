using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Training.Optimization;
using CsCheck;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Optimization;

public sealed class AdamWTests
{
    [Fact]
    public void The_fused_kernel_is_found_in_this_libtorch() => Assert.True(FusedAdamW.WorksOn(CPU));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Twenty_steps_equal_the_library_optimiser(bool fused)
    {
        using var ours = new Parameter(Values("p").DetachFromDisposeScope());
        using var theirs = new Parameter(Values("p").DetachFromDisposeScope());
        using var optimizer = new Federated.Training.Optimization.AdamW { AllowFused = fused };
        optimizer.Add("p", ours, template: false);
        using var reference = torch.optim.AdamW([theirs], lr: 1e-2, weight_decay: 0.1);
        for (var step = 0; step < 20; step++)
        {
            using var scope = NewDisposeScope();
            var gradient = Values("g" + step);
            ours.grad = gradient.clone().DetachFromDisposeScope();
            theirs.grad = gradient.clone().DetachFromDisposeScope();
            optimizer.Step(1e-2, 5, 0.1);
            reference.step();
        }

        Assert.True(ours.allclose(theirs, 1e-6, 1e-6));
    }

    [Fact]
    public void Fused_and_plain_updates_agree_over_parameters_of_many_sizes_rates_and_counts()
    {
        Gen.Select(Gen.Int[1, 70].Array[1, 6], Gen.Double[1e-4, 0.1], Gen.Double[0, 0.5], Gen.Double[0.5, 0.9999]).Sample((sizes, rate, decay, beta2) =>
        {
            using var noGradient = no_grad();
            using var scope = NewDisposeScope();
            using var fused = new Federated.Training.Optimization.AdamW(beta2);
            using var plain = new Federated.Training.Optimization.AdamW(beta2) { AllowFused = false };
            Parameter[] a = [.. sizes.Select((n, i) => new Parameter(Values("p" + i, n)))];
            Parameter[] b = [.. sizes.Select((n, i) => new Parameter(Values("p" + i, n)))];
            for (var i = 0; i < sizes.Length; i++)
            {
                fused.Add("p" + i, a[i], template: i % 2 == 1);
                plain.Add("p" + i, b[i], template: i % 2 == 1);
            }

            for (var step = 0; step < 5; step++)
            {
                for (var i = 0; i < sizes.Length; i++)
                {
                    // Some parameters miss some steps, so that counts differ within a call.
                    a[i].grad = (step + i) % 3 == 0 ? null : Values($"g{step}{i}", sizes[i]);
                    b[i].grad = (step + i) % 3 == 0 ? null : Values($"g{step}{i}", sizes[i]);
                }

                fused.Step(rate, rate / 2, decay);
                plain.Step(rate, rate / 2, decay);
            }

            Assert.All(a.Zip(b), p => Assert.True(p.First.allclose(p.Second, 1e-5, 1e-6)));
            Assert.Equal(plain.State.Select(s => s.Steps), fused.State.Select(s => s.Steps));
        }, iter: 30, threads: 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Restored_moments_continue_bit_for_bit(bool fused)
    {
        Assert.Equal(Continue(10, cut: 10), Continue(10, cut: 4));

        float[] Continue(int steps, int cut)
        {
            using var parameter = new Parameter(Values("p").DetachFromDisposeScope());
            var optimizer = new Federated.Training.Optimization.AdamW(0.9) { AllowFused = fused };
            optimizer.Add("p", parameter, template: true);
            for (var step = 0; step < steps; step++)
            {
                if (step == cut)
                {
                    var next = new Federated.Training.Optimization.AdamW(0.9) { AllowFused = fused };
                    next.Add("p", parameter, template: true);
                    var (_, first, second, count) = optimizer.State.Single();
                    next.Restore("p", first, second, count);
                    optimizer.Dispose();
                    optimizer = next;
                }

                parameter.grad = Values("g" + step).DetachFromDisposeScope();
                optimizer.Step(0, 1e-2, 0.1);
            }

            Assert.Equal(steps, optimizer.State.Single().Steps);
            optimizer.Dispose();
            return ModelState.Elements(parameter).ToArray();
        }
    }

    [Fact]
    public void A_gradient_of_another_layout_is_read_by_position_not_by_memory()
    {
        using var scope = NewDisposeScope();
        using var turned = new Parameter(zeros(5, 10).DetachFromDisposeScope());
        using var plain = new Parameter(zeros(5, 10).DetachFromDisposeScope());
        using var optimizer = new Federated.Training.Optimization.AdamW();
        optimizer.Add("turned", turned, template: false);
        optimizer.Add("plain", plain, template: false);
        turned.grad = Values("g").reshape(10, 5).t();
        plain.grad = turned.grad.contiguous();
        optimizer.Step(0.1, 0, 0);
        Assert.Equal(ModelState.Elements(plain).ToArray(), ModelState.Elements(turned).ToArray());
    }

    [Fact]
    public void Steps_leave_no_tensor_behind()
    {
        using var parameter = new Parameter(Values("p").DetachFromDisposeScope());
        using var optimizer = new Federated.Training.Optimization.AdamW();
        optimizer.Add("p", parameter, template: false);
        parameter.grad = Values("g").DetachFromDisposeScope();
        optimizer.Step(0.1, 0, 0);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 10; i++)
        {
            optimizer.Step(0.1, 0, 0);
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void A_parameter_without_gradient_is_left_alone_and_its_count_stands_still()
    {
        using var used = new Parameter(Values("a").DetachFromDisposeScope());
        using var unused = new Parameter(Values("b").DetachFromDisposeScope());
        var before = ModelState.Elements(unused).ToArray();
        using var optimizer = new Federated.Training.Optimization.AdamW();
        optimizer.Add("used", used, template: true);
        optimizer.Add("unused", unused, template: true);
        used.grad = Values("g").DetachFromDisposeScope();
        optimizer.Step(1, 0.1, 0.5);
        Assert.Equal(before, ModelState.Elements(unused).ToArray());
        Assert.Equal([("unused", 0L), ("used", 1L)], optimizer.State.Select(s => (s.Name, s.Steps)));
    }

    [Fact]
    public void Templates_have_their_own_learning_rate()
    {
        using var network = new Parameter(zeros(3).DetachFromDisposeScope());
        using var template = new Parameter(zeros(3).DetachFromDisposeScope());
        using var optimizer = new Federated.Training.Optimization.AdamW();
        optimizer.Add("network", network, template: false);
        optimizer.Add("template", template, template: true);
        network.grad = ones(3).DetachFromDisposeScope();
        template.grad = ones(3).DetachFromDisposeScope();
        optimizer.Step(0.25, 0.5, 0);

        // The first step of Adam moves by the learning rate against the sign.
        Assert.All(ModelState.Elements(network).ToArray(), v => Assert.Equal(-0.25f, v, 1e-5f));
        Assert.All(ModelState.Elements(template).ToArray(), v => Assert.Equal(-0.5f, v, 1e-5f));
    }

    private static Tensor Values(string name, int count = 50)
    {
        var random = new CounterRandom(5, name);
        return tensor(Enumerable.Range(0, count).Select(_ => (float)random.NextNormal()).ToArray());
    }
}
