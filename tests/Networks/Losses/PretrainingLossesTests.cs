using BrainMVP.Federated.Networks.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Losses;

public sealed class PretrainingLossesTests
{
    [Theory]
    [InlineData(1, 1.0)]
    [InlineData(3, 1.0)]
    [InlineData(5, 0.1)]
    public void Indistinguishable_features_cost_the_logarithm_of_the_batch(int batch, double temperature)
    {
        using var scope = NewDisposeScope();
        var features = Tiny.Uniform([1, 4, 2, 2, 2], "f").expand(batch, 4, 2, 2, 2).contiguous();
        Assert.Equal(Math.Log(batch), PretrainingLosses.Contrastive(features, features, temperature).item<float>(), 1e-5);
    }

    [Fact]
    public void Perfect_positives_with_orthogonal_negatives_cost_the_closed_form()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(Math.Log(1 + (2 * Math.Exp(-1))), PretrainingLosses.Contrastive(eye(3) * 5, eye(3), 1).item<float>(), 1e-5);
    }

    [Fact]
    public void Contrastive_term_is_symmetric_and_moves_both_sides()
    {
        using var scope = NewDisposeScope();
        var f = Tiny.Uniform([3, 6], "f").requires_grad_();
        var g = Tiny.Uniform([3, 6], "g").requires_grad_();
        var loss = PretrainingLosses.Contrastive(f, g, 0.5);
        Assert.Equal(loss.item<float>(), PretrainingLosses.Contrastive(g, f, 0.5).item<float>(), 1e-6f);
        loss.backward();
        Assert.True(f.grad!.abs().sum().item<float>() > 0);
        Assert.True(g.grad!.abs().sum().item<float>() > 0);
    }

    [Fact]
    public void Reconstruction_error_is_the_mean_over_all_voxels()
    {
        using var scope = NewDisposeScope();
        var (x, y) = (Tiny.Uniform([2, 1, 3, 3, 3], "x"), Tiny.Uniform([2, 1, 3, 3, 3], "y"));
        var expected = (x - y).to(ScalarType.Float64).pow(2).sum().item<double>() / 54;
        Assert.Equal(expected, PretrainingLosses.Reconstruction(x, y).item<float>(), 1e-6);
    }
}
