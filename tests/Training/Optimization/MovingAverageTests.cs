using BrainMVP.Federated.Training.Optimization;
using CsCheck;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Tests.Optimization;

public sealed class MovingAverageTests
{
    [Fact]
    public void After_each_step_it_is_the_weighted_sum_of_formula() => Gen.Select(Gen.Int[1, 20], Gen.Double[0, 0.999], Gen.Int[0, 8]).Sample((size, decay, steps) =>
    {
        using var weight = Vectors.Random("start", size);
        using var average = new MovingAverage(decay, [new("w", weight)]);
        var expected = Vectors.Values(weight).Select(v => (double)v).ToArray();
        for (var step = 0; step < steps; step++)
        {
            using (var next = Vectors.Random("step" + step, size))
            {
                weight.copy_(next);
            }

            average.Update();
            expected = [.. expected.Zip(Vectors.Values(weight), (a, w) => (decay * a) + ((1 - decay) * w))];
        }

        var (_, actual) = average.Tensors.Single();
        Assert.All(expected.Zip(Vectors.Values(actual)), p => Assert.Equal(p.First, p.Second, 1e-5));
    }, iter: 50, threads: 1);

    [Fact]
    public void Weights_that_stand_still_stay_exactly_what_they_are()
    {
        using var weight = Vectors.Random("start", 100);
        using var average = new MovingAverage(0.9, [new("w", weight)]);
        average.Update();
        average.Update();
        Assert.Equal(Vectors.Values(weight), Vectors.Values(average.Tensors.Single().Value));
    }

    [Fact]
    public void Without_decay_it_is_the_last_weights()
    {
        using var weight = Vectors.Random("start", 10);
        using var average = new MovingAverage(0, [new("w", weight)]);
        weight.mul_(3);
        average.Update();
        Assert.Equal(Vectors.Values(weight), Vectors.Values(average.Tensors.Single().Value));
    }

    [Fact]
    public void A_restored_average_continues_bit_for_bit()
    {
        using var weight = Vectors.Random("a", 10);
        using var whole = new MovingAverage(0.7, [new("w", weight)]);
        weight.mul_(2);
        whole.Update();
        using var resumed = new MovingAverage(0.7, [new("w", weight)]);
        resumed.Restore("w", whole.Tensors.Single().Value);
        weight.add_(1);
        whole.Update();
        resumed.Update();
        Assert.Equal(Vectors.Values(whole.Tensors.Single().Value), Vectors.Values(resumed.Tensors.Single().Value));
    }

    [Fact]
    public void Averages_are_copied_by_name_into_parameters_too()
    {
        var parameters = Vectors.Parameters([3, 4]);
        using var average = new MovingAverage(0.5, [new("b", parameters[0]), new("a", parameters[1])]);
        Assert.Equal(["a", "b"], average.Tensors.Select(t => t.Key));
        float[][] before = [.. parameters.Select(Vectors.Values)];
        using (no_grad())
        {
            parameters[0].zero_();
            parameters[1].zero_();
        }

        average.CopyTo([new("a", parameters[1]), new("b", parameters[0])]);
        Assert.Equal(before, parameters.Select(Vectors.Values));
        Assert.True(parameters[0].requires_grad);
        Assert.Throws<KeyNotFoundException>(() => average.CopyTo([new("c", parameters[0])]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void A_decay_out_of_range_is_refused(double decay) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new MovingAverage(decay, []));
}
