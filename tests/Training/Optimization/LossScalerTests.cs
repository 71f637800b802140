using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Training.Optimization;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Optimization;

public sealed class LossScalerTests
{
    [Fact]
    public void Scaling_a_loss_and_unscaling_its_gradients_changes_nothing() => Gen.Int[1, 50].Sample(size =>
    {
        var parameter = Vectors.Parameters([size])[0];
        parameter.grad = null;
        var scaler = new LossScaler();
        (parameter * parameter).sum().backward();
        var expected = Vectors.Gradient(parameter);
        parameter.grad = null;
        scaler.Apply((parameter * parameter).sum()).backward();
        Assert.True(scaler.Unscale([parameter]));

        // The factor is a power of two, so not even a rounding differs.
        Assert.Equal(expected, Vectors.Gradient(parameter));
    }, iter: 30, threads: 1);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_gradient_that_is_not_finite_halves_the_factor_and_asks_to_skip(float bad)
    {
        var parameters = Vectors.Parameters([5, 6, 7]);
        using (var gradient = parameters[1].grad!)
        {
            gradient[3] = bad;
        }

        var scaler = new LossScaler();
        scaler.Restore(1024, 17);
        Assert.False(scaler.Unscale(parameters));
        Assert.Equal((512, 0), (scaler.Scale, scaler.GoodSteps));
    }

    [Fact]
    public void Two_thousand_good_steps_in_a_row_double_the_factor()
    {
        var parameters = Vectors.Parameters([5]);
        var scaler = new LossScaler();
        Assert.True(scaler.Unscale(parameters));
        Assert.Equal((65536, 1), (scaler.Scale, scaler.GoodSteps));
        scaler.Restore(65536, 1999);
        Assert.True(scaler.Unscale(parameters));
        Assert.Equal((131072, 0), (scaler.Scale, scaler.GoodSteps));
    }

    [Fact]
    public void Steps_follow_the_rule_for_any_order_of_good_and_bad_ones() => Gen.Bool.Array[0, 12].Sample(good =>
    {
        var scaler = new LossScaler();
        scaler.Restore(4096, 1994);
        var (scale, count) = (4096.0, 1994);
        foreach (var finite in good)
        {
            var parameters = Vectors.Parameters([3], finite ? 1 : double.PositiveInfinity);
            Assert.Equal(finite, scaler.Unscale(parameters));
            (scale, count) = !finite ? (scale / 2, 0) : count + 1 == 2000 ? (scale * 2, 0) : (scale, count + 1);
            Assert.Equal((scale, count), (scaler.Scale, scaler.GoodSteps));
        }
    }, iter: 50, threads: 1);

    [Fact]
    public void Gradients_that_are_never_finite_end_as_diverged()
    {
        var scaler = new LossScaler();
        var parameters = Vectors.Parameters([3], double.PositiveInfinity);
        for (var i = 0; i < 16; i++)
        {
            Assert.False(scaler.Unscale(parameters));
        }

        Assert.Equal(ErrorCatalogue.TrainingDiverged, Assert.Throws<FederationException>(() => scaler.Unscale(parameters)).Code);
    }

    [Fact]
    public void Impossible_states_are_refused()
    {
        var scaler = new LossScaler();
        Assert.Throws<ArgumentOutOfRangeException>(() => scaler.Restore(double.NaN, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => scaler.Restore(0.5, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => scaler.Restore(1, 2000));
        Assert.Throws<ArgumentOutOfRangeException>(() => scaler.Restore(1, -1));
    }

    [Fact]
    public void No_tensor_is_left_behind()
    {
        var parameters = Vectors.Parameters([4, 5]);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Assert.True(new LossScaler().Unscale(parameters));
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
