using BrainMVP.Federated.Federation.Updates;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.Updates;

public sealed class ChangesTests
{
    private static readonly Gen<float> Number = Gen.Float[-1e6f, 1e6f];

    [Fact]
    public void Vectors_give_the_bits_of_eight_lanes_added_one_by_one() => Gen.Select(Number, Number).Array[0, 100].Sample(pairs =>
    {
        var (local, global) = (pairs.Select(p => p.Item1).ToArray(), pairs.Select(p => p.Item2).ToArray());
        var lanes = new double[8];
        for (var i = 0; i < local.Length; i++)
        {
            var change = (double)local[i] - global[i];
            lanes[i % 8] += change * change;
        }

        var (largest, squares) = Changes.Measure(local, global);
        Assert.Equal(lanes.Aggregate(0.0, (a, b) => a + b), squares);
        Assert.Equal(local.Select((l, i) => Math.Abs((double)l - global[i])).DefaultIfEmpty().Max(), largest);
    });

    [Fact]
    public void A_value_that_is_not_finite_is_found_wherever_it_is() => Gen.Select(Gen.Int[1, 40], Gen.Int[0, 39], Gen.OneOf(Gen.Const(float.NaN), Gen.Const(float.PositiveInfinity), Gen.Const(float.NegativeInfinity))).Sample((count, at, value) =>
    {
        at %= count;
        var (local, global) = (new float[count], new float[count]);
        Assert.Equal(-1, Changes.FirstNotFinite(local, global));
        local[at] = value;
        Assert.False(double.IsFinite(Changes.Measure(local, global).Largest));
        Assert.Equal(at, Changes.FirstNotFinite(local, global));
    });
}
