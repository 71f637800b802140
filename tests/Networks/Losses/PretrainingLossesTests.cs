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

    [Fact]
    public void The_norms_of_a_plan_are_the_mean_square_and_the_mean_euclidean_norm_of_a_sample()
    {
        using var scope = NewDisposeScope();
        var (x, y) = (Tiny.Uniform([3, 1, 4, 4, 4], "x"), Tiny.Uniform([3, 1, 4, 4, 4], "y"));
        var squares = (x - y).to(ScalarType.Float64).pow(2).flatten(1).sum(1);
        Assert.Equal(squares.sum().item<double>() / (3 * 64), PretrainingLosses.Reconstruction(x, y, "mse").item<float>(), 1e-6);
        Assert.Equal(squares.sqrt().mean().item<double>(), PretrainingLosses.Reconstruction(x, y, "l2").item<float>(), 1e-5);
        Assert.Throws<ArgumentException>(() => PretrainingLosses.Reconstruction(x, y, "l3"));
    }

    [Fact]
    public void An_exact_reconstruction_has_a_finite_gradient_in_both_norms()
    {
        foreach (var norm in (string[])["mse", "l2"])
        {
            using var scope = NewDisposeScope();
            var x = Tiny.Uniform([2, 1, 4, 4, 4], "x");
            var reconstruction = x.clone().requires_grad_();
            PretrainingLosses.Reconstruction(reconstruction, x, norm).backward();
            Assert.Equal(0, reconstruction.grad!.abs().max().item<float>());
        }
    }

    [Fact]
    public void Samples_of_different_data_sets_are_pushed_apart_as_before()
    {
        using var scope = NewDisposeScope();
        var (f, g) = (Tiny.Uniform([4, 6], "f"), Tiny.Uniform([4, 6], "g"));
        Assert.Equal(PretrainingLosses.Contrastive(f, g, 0.2).item<float>(), PretrainingLosses.Contrastive(f, g, 0.2, ["a", "b", "c", "d"]).item<float>());
    }

    [Fact]
    public void Samples_of_one_data_set_have_no_negatives_and_cost_nothing()
    {
        using var scope = NewDisposeScope();
        var f = Tiny.Uniform([3, 6], "f").requires_grad_();
        var loss = PretrainingLosses.Contrastive(f, Tiny.Uniform([3, 6], "g"), 0.2, ["a", "a", "a"]);
        loss.backward();
        Assert.Equal(0, loss.item<float>());
        Assert.Equal(0, f.grad!.abs().max().item<float>());
    }

    [Fact]
    public void Only_samples_of_other_data_sets_are_negatives()
    {
        using var scope = NewDisposeScope();
        var (f, g) = (Tiny.Uniform([3, 6], "f"), Tiny.Uniform([3, 6], "g"));
        var first = f / f.norm(1, keepdim: true);
        var second = g / g.norm(1, keepdim: true);
        var s = (first.matmul(second.t()) / 0.5).to(ScalarType.Float64);
        double Logit(int i, int j) => s[i, j].item<double>();
        double Cost(double positive, params double[] negatives) => Math.Log(Math.Exp(positive) + negatives.Sum(Math.Exp)) - positive;

        // Samples 0 and 1 are of one data set: 0 and 1 see only 2, 2 sees both.
        var rows = Cost(Logit(0, 0), Logit(0, 2)) + Cost(Logit(1, 1), Logit(1, 2)) + Cost(Logit(2, 2), Logit(2, 0), Logit(2, 1));
        var columns = Cost(Logit(0, 0), Logit(2, 0)) + Cost(Logit(1, 1), Logit(2, 1)) + Cost(Logit(2, 2), Logit(0, 2), Logit(1, 2));
        Assert.Equal((rows + columns) / 6, PretrainingLosses.Contrastive(f, g, 0.5, ["a", "a", "b"]).item<float>(), 1e-5);
        Assert.Throws<ArgumentException>(() => PretrainingLosses.Contrastive(f, g, 0.5, ["a", "b"]));
    }
}
