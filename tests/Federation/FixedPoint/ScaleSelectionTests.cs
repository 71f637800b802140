using System.Numerics;
using BrainMVP.Federated.Federation.FixedPoint;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.FixedPoint;

public sealed class ScaleSelectionTests
{
    private static readonly Gen<ScaledContribution[]> Contributions = Gen.Select(Gen.Long[1, 1_000_000], Gen.OneOf(Gen.Int[-149, 127], Gen.Int[-12, 4], Gen.Int[-90, -60]), Gen.Int[0, 5])
        .Select((weight, exponent, zero) => new ScaledContribution(weight, zero == 0 ? null : exponent))
        .Array[1, 12];

    [Fact]
    public void The_scale_is_the_largest_that_fits_in_exact_integers() => Contributions.Sample(
        contributions =>
        {
            var scale = ScaleSelection.Choose(contributions);
            if (contributions.All(c => c.Exponent is null))
            {
                Assert.Null(scale);
                return;
            }

            Assert.True(Fits(contributions, scale!.Value));
            Assert.True(scale == ScaleSelection.MaximumScale || !Fits(contributions, scale.Value + 1));
            Assert.InRange(scale.Value, ScaleSelection.MinimumScale, ScaleSelection.MaximumScale);
        },
        iter: 5000);

    [Fact]
    public void No_sum_of_encoded_values_leaves_32_bits_whoever_arrives() => Gen.Select(Contributions, Gen.Int, Gen.Double[0, 1].Array[12], Gen.Bool.Array[12]).Sample(
        (contributions, arrival, fractions, signs) =>
        {
            if (ScaleSelection.Choose(contributions) is not { } scale)
            {
                return;
            }

            var total = contributions.Sum(c => c.Weight);
            long worst = 0;
            long mixed = 0;
            for (var i = 0; i < contributions.Length; i++)
            {
                if (((arrival >> i) & 1) == 0)
                {
                    continue;
                }

                var quantiser = new Quantiser(contributions[i].Weight, total, scale);
                worst += quantiser.Bound(contributions[i].Exponent);
                mixed += contributions[i].Exponent is { } e && e < 127 ? Encode(quantiser, (float)((signs[i] ? 1 : -1) * fractions[i] * Math.ScaleB(1, e))) : 0;
                Assert.InRange(worst, 0, int.MaxValue);
                Assert.InRange(mixed, -int.MaxValue, int.MaxValue);
            }
        },
        iter: 5000);

    [Fact]
    public void One_site_alone_uses_nearly_all_31_bits() =>
        // 2^(0 + 30) + 1 fits below 2^31, 2^31 + 1 does not.
        Assert.Equal(30, ScaleSelection.Choose([new ScaledContribution(5, 0)]));

    [Fact]
    public void Weights_matter_by_their_share_only() => Gen.Select(Contributions, Gen.Long[1, 1000]).Sample(
        (contributions, factor) => Assert.Equal(
            ScaleSelection.Choose(contributions),
            ScaleSelection.Choose([.. contributions.Select(c => c with { Weight = c.Weight * factor })])),
        iter: 1000);

    [Fact]
    public void Order_does_not_matter() => Contributions.Sample(
        contributions => Assert.Equal(ScaleSelection.Choose(contributions), ScaleSelection.Choose([.. contributions.Reverse()])),
        iter: 500);

    [Fact]
    public void Weights_below_1_are_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => ScaleSelection.Choose([new ScaledContribution(0, 1)]));

    private static int Encode(Quantiser quantiser, float change)
    {
        var encoded = new int[1];
        quantiser.Encode([change], [0f], encoded);
        return encoded[0];
    }

    /// <summary>Sum of w 2^(e+k) + W n at most W (2^31 - 1), brought to whole numbers by a common power of two.</summary>
    private static bool Fits(ScaledContribution[] contributions, int k)
    {
        const int Common = 300;
        BigInteger total = contributions.Sum(c => c.Weight);
        var left = contributions.Where(c => c.Exponent is not null).Aggregate(BigInteger.Zero, (sum, c) => sum + (c.Weight * BigInteger.Pow(2, c.Exponent!.Value + k + Common)));
        return left + (total * contributions.Length * BigInteger.Pow(2, Common)) <= total * (BigInteger.Pow(2, 31) - 1) * BigInteger.Pow(2, Common);
    }
}
