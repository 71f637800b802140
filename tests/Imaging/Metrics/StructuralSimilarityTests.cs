using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Metrics;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Metrics;

public sealed class StructuralSimilarityTests
{
    private static readonly Gen<int> Side = Gen.Int[7, 15];

    /// <summary>Values of scikit-image 0.19.3, printed by make_ssim_goldens.py beside this file.</summary>
    public static TheoryData<string, int[], double> Goldens => new()
    {
        { "independent", [7, 7, 7], -0.013372945604302 },
        { "correlated", [7, 7, 7], 0.921406925555367 },
        { "opposite", [7, 7, 7], -0.987772899759331 },
        { "ball", [7, 7, 7], 0.695983745026301 },
        { "flat", [7, 7, 7], 0.000399840063974 },
        { "independent", [9, 11, 13], -0.015399629176676 },
        { "correlated", [9, 11, 13], 0.920812697213001 },
        { "opposite", [9, 11, 13], -0.987713765655197 },
        { "ball", [9, 11, 13], 0.727098224589244 },
        { "flat", [9, 11, 13], 0.000399840063974 },
        { "independent", [16, 12, 20], 0.015442072424650 },
        { "correlated", [16, 12, 20], 0.922370728467891 },
        { "opposite", [16, 12, 20], -0.987088487879775 },
        { "ball", [16, 12, 20], 0.676467551114707 },
        { "flat", [16, 12, 20], 0.000399840063974 },
    };

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Values_of_the_reference_are_reproduced(string pair, int[] shape, double expected)
    {
        var count = shape[0] * shape[1] * shape[2];
        var (x, y) = (Lcg(1, count), Lcg(2, count));
        var ball = Ball(shape);
        var (first, second) = pair switch
        {
            "independent" => (x, y),
            "correlated" => (x, [.. x.Zip(y, (a, b) => (0.75f * a) + (0.25f * b))]),
            "opposite" => (x, [.. x.Select(a => 1 - a)]),
            "ball" => (ball, [.. ball.Zip(y, (a, b) => (0.5f * a) + (0.125f * b))]),
            _ => (new float[count], Enumerable.Repeat(0.5f, count).ToArray()),
        };
        Assert.Equal(expected, StructuralSimilarity.Mean(first, second, shape), 1e-12);
        Assert.Equal(expected, StructuralSimilarity.Mean(second, first, shape), 1e-12);
    }

    [Fact]
    public void Running_sums_equal_sums_over_each_window() => Gen.Select(Side, Side, Side, Gen.Int[0, 9999]).Sample(
        (a, b, c, seed) =>
        {
            int[] shape = [a, b, c];
            var random = new CounterRandom((ulong)seed, "volumes");
            var x = Enumerable.Range(0, a * b * c).Select(_ => (float)random.NextDouble()).ToArray();
            var y = x.Select(v => (float)((0.5 * v) + (0.3 * random.NextNormal()))).ToArray();
            Assert.Equal(Slow(x, y, shape), StructuralSimilarity.Mean(x, y, shape), 1e-11);
        },
        iter: 20);

    [Fact]
    public void Equal_volumes_have_similarity_one() => Gen.Select(Side, Side, Side, Gen.Int[0, 9999]).Sample(
        (a, b, c, seed) =>
        {
            var random = new CounterRandom((ulong)seed, "volume");
            var x = Enumerable.Range(0, a * b * c).Select(_ => random.NextInt32(3) == 0 ? 0 : (float)random.NextDouble()).ToArray();
            Assert.Equal(1, StructuralSimilarity.Mean(x, x, [a, b, c]), 1e-11);
        },
        iter: 20);

    [Theory]
    [InlineData(1e19f)]
    [InlineData(-3e38f)]
    public void Any_finite_volumes_give_a_value_in_the_range(float huge)
    {
        var x = Lcg(1, 512);
        var y = Lcg(2, 512);
        (y[0], y[300]) = (huge, -huge);
        Assert.InRange(StructuralSimilarity.Mean(x, y, [8, 8, 8]), -1, 1);
        Assert.InRange(StructuralSimilarity.Mean(y, y, [8, 8, 8]), -1, 1);
    }

    [Fact]
    public void Volumes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => StructuralSimilarity.Mean(new float[343], new float[342], [7, 7, 7]));
        Assert.Throws<ArgumentException>(() => StructuralSimilarity.Mean(new float[294], new float[294], [7, 7, 6]));
    }

    private static double Slow(float[] x, float[] y, int[] shape)
    {
        var (total, windows) = (0.0, 0);
        for (var r = 0; r <= shape[0] - 7; r++)
        {
            for (var a = 0; a <= shape[1] - 7; a++)
            {
                for (var s = 0; s <= shape[2] - 7; s++)
                {
                    var at = Enumerable.Range(0, 343).Select(i => ((((r + (i / 49)) * shape[1]) + a + (i / 7 % 7)) * shape[2]) + s + (i % 7)).ToArray();
                    var (ux, uy) = (at.Average(i => (double)x[i]), at.Average(i => (double)y[i]));
                    var vx = at.Sum(i => (x[i] - ux) * (x[i] - ux)) / 342;
                    var vy = at.Sum(i => (y[i] - uy) * (y[i] - uy)) / 342;
                    var vxy = at.Sum(i => (x[i] - ux) * (y[i] - uy)) / 342;
                    total += ((2 * ux * uy) + 1e-4) * ((2 * vxy) + 9e-4) / (((ux * ux) + (uy * uy) + 1e-4) * (vx + vy + 9e-4));
                    windows++;
                }
            }
        }

        return total / windows;
    }

    private static float[] Lcg(uint state, int count)
    {
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
        {
            state = unchecked((state * 1664525) + 1013904223);
            value = (state >> 8) / 16777216f;
        }

        return values;
    }

    private static float[] Ball(int[] shape)
    {
        var values = new float[shape[0] * shape[1] * shape[2]];
        for (var i = 0; i < values.Length; i++)
        {
            int[] at = [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]];
            values[i] = at.Zip(shape, (v, n) => (v - ((n - 1) / 2)) * (v - ((n - 1) / 2))).Sum() <= 16 ? 1 : 0;
        }

        return values;
    }
}
