using BrainMVP.Federated.Training.Optimization;
using CsCheck;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Optimization;

public sealed class ProximalTermTests
{
    [Fact]
    public void It_adds_the_derivative_of_the_penalty() => Gen.Select(Gen.Int[1, 30].Array[1, 4], Gen.Double[0, 10]).Sample((sizes, mu) =>
    {
        var parameters = Vectors.Parameters(sizes);
        using var term = new ProximalTerm(parameters);
        float[] anchors = [.. parameters.SelectMany(Vectors.Values)];
        using (no_grad())
        {
            foreach (var parameter in parameters)
            {
                parameter.add_(Vectors.Random("moved", (int)parameter.numel()));
            }
        }

        float[] gradients = [.. parameters.SelectMany(Vectors.Gradient)];
        float[] weights = [.. parameters.SelectMany(Vectors.Values)];
        term.AddGradients(mu);
        float[] actual = [.. parameters.SelectMany(Vectors.Gradient)];
        for (var i = 0; i < actual.Length; i++)
        {
            Assert.Equal(gradients[i] + (mu * (weights[i] - anchors[i])), actual[i], 1e-4);
        }
    }, iter: 50, threads: 1);

    [Fact]
    public void At_the_anchor_nothing_is_added()
    {
        var parameters = Vectors.Parameters([9]);
        var before = Vectors.Gradient(parameters[0]);
        using var term = new ProximalTerm(parameters);
        term.AddGradients(3);
        Assert.Equal(before, Vectors.Gradient(parameters[0]));
    }

    [Fact]
    public void A_parameter_without_gradient_stays_without()
    {
        var parameters = Vectors.Parameters([9]);
        parameters[0].grad = null;
        using var term = new ProximalTerm(parameters);
        term.AddGradients(3);
        Assert.Null(parameters[0].grad);
    }

    [Fact]
    public void Anchors_survive_dispose_scopes()
    {
        var parameters = Vectors.Parameters([9]);
        var before = Vectors.Gradient(parameters[0]);
        ProximalTerm term;
        using (NewDisposeScope())
        {
            term = new ProximalTerm(parameters);
        }

        term.AddGradients(1);
        Assert.Equal(before, Vectors.Gradient(parameters[0]));
        term.Dispose();
    }
}
