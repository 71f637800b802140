using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Training.Optimization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Optimization;

public sealed class AdamWTests
{
    [Fact]
    public void Twenty_steps_equal_the_library_optimiser()
    {
        using var ours = new Parameter(Values("p").DetachFromDisposeScope());
        using var theirs = new Parameter(Values("p").DetachFromDisposeScope());
        using var optimizer = new Federated.Training.Optimization.AdamW();
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

        Assert.True(ours.allclose(theirs, 1e-5, 1e-6));
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

    private static Tensor Values(string name)
    {
        var random = new CounterRandom(5, name);
        return tensor(Enumerable.Range(0, 50).Select(_ => (float)random.NextNormal()).ToArray());
    }
}
