using BrainMVP.Federated.Training.Optimization;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Optimization;

public sealed class GradientClippingTests
{
    private static readonly Gen<int[]> Sizes = Gen.Int[1, 40].Array[1, 5];

    [Fact]
    public void The_norm_is_that_of_all_gradients_as_one_vector_and_longer_ones_end_at_the_maximum() =>
        Gen.Select(Sizes, Gen.Double[1e-3, 100], Gen.Double[1e-3, 100]).Sample((sizes, scale, maximum) =>
        {
            var parameters = Vectors.Parameters(sizes, scale);
            float[] before = [.. parameters.SelectMany(Vectors.Gradient)];
            var expected = Math.Sqrt(before.Sum(g => (double)g * g));
            Assert.Equal(expected, GradientClipping.Clip(parameters, maximum), expected * 1e-5);

            float[] after = [.. parameters.SelectMany(Vectors.Gradient)];
            var factor = Math.Min(1, maximum / (expected + 1e-6));
            Assert.All(before.Zip(after), p => Assert.Equal(p.First * factor, p.Second, Math.Abs(p.First) * 1e-5));
            if (expected <= maximum)
            {
                Assert.Equal(before, after);
            }
        }, iter: 100, threads: 1);

    [Fact]
    public void Zero_only_measures()
    {
        var parameters = Vectors.Parameters([7, 3]);
        var before = Vectors.Gradient(parameters[0]);
        Assert.True(GradientClipping.Clip(parameters, 0) > 0);
        Assert.Equal(before, Vectors.Gradient(parameters[0]));
    }

    [Fact]
    public void Parameters_without_gradient_count_nothing()
    {
        var parameters = Vectors.Parameters([4, 5]);
        var both = GradientClipping.Clip(parameters, 0);
        parameters[1].grad = null;
        Assert.True(GradientClipping.Clip(parameters, 0) < both);
        Assert.Null(parameters[1].grad);
        parameters[0].grad = null;
        Assert.Equal(0, GradientClipping.Clip(parameters, 1));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_norm_that_is_not_finite_is_returned_and_nothing_is_scaled(float bad)
    {
        var parameters = Vectors.Parameters([4, 5]);
        using (var gradient = parameters[1].grad!)
        {
            gradient.fill_(bad);
        }

        var before = Vectors.Gradient(parameters[0]);
        Assert.False(double.IsFinite(GradientClipping.Clip(parameters, 1e-3)));
        Assert.Equal(before, Vectors.Gradient(parameters[0]));
    }

    [Fact]
    public void A_negative_maximum_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientClipping.Clip([], -1));

    [Fact]
    public void No_tensor_is_left_behind()
    {
        var parameters = Vectors.Parameters([4, 5]);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        GradientClipping.Clip(parameters, 0.1);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
