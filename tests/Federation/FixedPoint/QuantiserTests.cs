using BrainMVP.Federated.Federation.FixedPoint;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.FixedPoint;

public sealed class QuantiserTests
{
    [Theory]
    [InlineData(0.5f, 0)]
    [InlineData(1.5f, 2)]
    [InlineData(2.5f, 2)]
    [InlineData(-0.5f, 0)]
    [InlineData(-1.5f, -2)]
    [InlineData(-2.5f, -2)]
    [InlineData(0.75f, 1)]
    public void Halves_go_to_the_even_neighbour(float change, int expected) => Assert.Equal(expected, Encode(new Quantiser(1, 1, 0), change, 0));

    [Fact]
    public void The_change_is_taken_in_double_before_anything_is_rounded()
    {
        // In float arithmetic 1 + 2^-23 - 1 + ... would lose the last bit at this scale.
        Assert.Equal(1, Encode(new Quantiser(1, 1, 23), 1 + MathF.ScaleB(1, -23), 1));
        Assert.Equal((1 << 24) - 1, Encode(new Quantiser(1, 1, 0), 16777216f, 1f));
    }

    [Fact]
    public void Encoding_follows_the_formula_in_its_order() => Gen.Select(Gen.Long[1, 1000], Gen.Long[1, 5000], Gen.Int[-4, 24], Gen.Float[-8, 8], Gen.Float[-8, 8]).Sample(
        (weight, rest, scale, local, global) =>
        {
            var share = (double)weight / (weight + rest);
            var expected = (int)Math.Round(share * ((double)local - (double)global) * Math.ScaleB(1, scale), MidpointRounding.ToEven);
            Assert.Equal(expected, Encode(new Quantiser(weight, weight + rest, scale), local, global));
        },
        iter: 3000);

    [Fact]
    public void Many_values_at_once_encode_as_each_alone() => Gen.Select(
        Gen.Long[1, 1000],
        Gen.Long[0, 5000],
        Gen.Int[-4, 40],
        Gen.OneOf(Gen.Float[-8, 8], Gen.Int[-20, 20].Select(h => h * 0.5f), Gen.Float[-1e-3f, 1e-3f], Gen.Const(0f), Gen.Const(-0f)).Array[0, 70],
        Gen.Bool).Sample(
        (weight, rest, scale, local, moved) =>
        {
            var global = local.Select((v, i) => moved ? local[^(i + 1)] : 0f).ToArray();
            var quantiser = new Quantiser(weight, weight + rest, scale);
            var encoded = new int[local.Length];
            int[] expected;
            try
            {
                expected = [.. local.Select((v, i) => Encode(quantiser, v, global[i]))];
            }
            catch (OverflowException)
            {
                Assert.Throws<OverflowException>(() => quantiser.Encode(local, global, encoded));
                return;
            }

            quantiser.Encode(local, global, encoded);
            Assert.Equal(expected, encoded);
        },
        iter: 20000);

    [Theory]
    [InlineData(2147483647.0, 2147483647)]
    [InlineData(2147483646.5, 2147483646)]
    [InlineData(-2147483648.0, -2147483648)]
    [InlineData(-2147483647.5, -2147483648)]
    public void The_ends_of_the_range_are_reached_exactly(double value, int expected)
    {
        // Two floats whose difference is exactly the value.
        var high = (float)Math.Floor(value / 4096) * 4096f;
        float[] local = [.. Enumerable.Repeat(high, 11)];
        float[] global = [.. Enumerable.Repeat((float)(high - value), 11)];
        var encoded = new int[11];
        new Quantiser(1, 1, 0).Encode(local, global, encoded);
        Assert.All(encoded, e => Assert.Equal(expected, e));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(3e9f)]
    [InlineData(-3e9f)]
    public void What_does_not_fit_is_refused_wherever_it_stands(float value)
    {
        for (var place = 0; place < 19; place++)
        {
            var local = new float[19];
            local[place] = value;
            Assert.Throws<OverflowException>(() => new Quantiser(1, 1, 0).Encode(local, new float[19], new int[19]));
        }
    }

    [Fact]
    public void No_change_within_the_exponent_encodes_above_the_bound() => Gen.Select(Gen.Long[1, 1000], Gen.Long[0, 5000], Gen.Int[-149, 30], Gen.Double[-1, 1]).Sample(
        (weight, rest, exponent, part) =>
        {
            var scale = Math.Min(ScaleSelection.MaximumScale, 29 - exponent);
            var quantiser = new Quantiser(weight, weight + rest, scale);
            var change = (float)(part * Math.ScaleB(1, exponent));
            Assert.InRange(Encode(quantiser, change, 0), -quantiser.Bound(exponent), quantiser.Bound(exponent));
            Assert.Equal(quantiser.Bound(exponent), Encode(quantiser, (float)Math.ScaleB(1, exponent), 0));
            Assert.True(quantiser.Bound(exponent - 1) <= quantiser.Bound(exponent));
        },
        iter: 3000);

    [Fact]
    public void A_change_reported_as_zero_allows_only_zero() => Assert.Equal(0, new Quantiser(1, 2, 20).Bound(null));

    [Fact]
    public void Ceiling_exponents_are_exact_for_every_float() => Gen.Float.Where(f => float.IsFinite(f) && f != 0).Sample(
        value =>
        {
            var magnitude = Math.Abs((double)value);
            var e = PowerOfTwo.CeilingExponent(magnitude)!.Value;
            Assert.True(magnitude <= Math.ScaleB(1, e));
            Assert.True(magnitude > Math.ScaleB(1, e - 1));
        },
        iter: 3000);

    [Fact]
    public void Powers_of_two_are_exact() => Assert.All(Enumerable.Range(-1022, 2046), e => Assert.Equal(Math.ScaleB(1, e), PowerOfTwo.Exact(e)));

    [Fact]
    public void Zero_has_no_exponent_and_other_things_are_refused()
    {
        Assert.Null(PowerOfTwo.CeilingExponent(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => PowerOfTwo.CeilingExponent(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => PowerOfTwo.CeilingExponent(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PowerOfTwo.Exact(1024));
        Assert.Throws<ArgumentOutOfRangeException>(() => PowerOfTwo.Exact(-1023));
    }

    private static int Encode(Quantiser quantiser, float local, float global)
    {
        var encoded = new int[1];
        quantiser.Encode([local], [global], encoded);
        return encoded[0];
    }
}
