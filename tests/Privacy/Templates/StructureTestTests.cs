using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Privacy.Templates;

namespace BrainMVP.Federated.Privacy.Tests.Templates;

public sealed class StructureTestTests
{
    private static readonly int[] Shape = [24, 20, 16];
    private static readonly bool[] Head = Volume((r, a, s) => Radius(r, a, s) < 0.95).Select(v => v > 0).ToArray();

    [Fact]
    public void A_blurred_noisy_template_of_the_same_anatomy_passes()
    {
        var noise = new CounterRandom(1, "noise");
        var template = Anatomy(0).Select(v => (0.5f * v) + 0.2f + (0.05f * (float)noise.NextNormal())).ToArray();
        var result = StructureTest.Evaluate(template, Anatomy(0), Head, Shape, 7);
        Assert.True(result.Passed, $"{result.Correlation} <= {result.ShiftedPercentile99}");
        Assert.InRange(result.Correlation, 0.9, 1);
        Assert.Equal(100, result.Shifts);
    }

    [Fact]
    public void The_volume_itself_has_correlation_1() => Assert.Equal(1, StructureTest.Evaluate(Anatomy(0), Anatomy(0), Head, Shape, 7).Correlation, 1e-9);

    [Fact]
    public void Noise_fails_for_nearly_every_seed()
    {
        var passed = 0;
        for (ulong seed = 0; seed < 40; seed++)
        {
            var noise = new CounterRandom(seed, "noise");
            var template = Enumerable.Range(0, Head.Length).Select(_ => (float)noise.NextNormal()).ToArray();
            passed += StructureTest.Evaluate(template, Anatomy(0), Head, Shape, seed).Passed ? 1 : 0;
        }

        // One in a hundred by construction.
        Assert.InRange(passed, 0, 3);
    }

    [Fact]
    public void A_constant_template_fails() => Assert.False(StructureTest.Evaluate(new float[Head.Length], Anatomy(0), Head, Shape, 7).Passed);

    [Fact]
    public void A_template_of_anatomy_at_another_place_fails() => Assert.False(StructureTest.Evaluate(Anatomy(8), Anatomy(0), Head, Shape, 7).Passed);

    [Fact]
    public void Voxels_outside_the_head_do_not_count()
    {
        var template = Anatomy(0);
        var expected = StructureTest.Evaluate(template, Anatomy(0), Head, Shape, 7);
        for (var i = 0; i < template.Length; i++)
        {
            template[i] = Head[i] ? template[i] : 1e6f;
        }

        Assert.Equal(expected, StructureTest.Evaluate(template, Anatomy(0), Head, Shape, 7));
    }

    [Fact]
    public void The_result_depends_on_seed_and_inputs_only() =>
        Assert.Equal(StructureTest.Evaluate(Anatomy(1), Anatomy(0), Head, Shape, 9), StructureTest.Evaluate(Anatomy(1), Anatomy(0), Head, Shape, 9));

    /// <summary>Shells, ventricles and an off-centre blob, moved along the first axis.</summary>
    private static float[] Anatomy(int shift) => Volume((r, a, s) =>
    {
        var moved = (r + shift) % Shape[0];
        var radius = Radius(moved, a, s);
        var blob = Math.Exp(-(Square(moved - 6) + Square(a - 7) + Square(s - 9)) / 8.0);
        var ventricle = Math.Exp(-(Square(moved - 13) + Square(a - 11) + Square(s - 8)) / 5.0);
        return (radius < 0.95 ? 0.6 + (0.3 * Math.Cos(9 * radius)) : 0) + blob - ventricle;
    });

    private static double Radius(int r, int a, int s) => Math.Sqrt(Square((r - 11.5) / 12) + Square((a - 9.5) / 10) + Square((s - 7.5) / 8));

    private static double Square(double value) => value * value;

    private static float[] Volume(Func<int, int, int, bool> inside) => Volume((r, a, s) => inside(r, a, s) ? 1.0 : 0.0);

    private static float[] Volume(Func<int, int, int, double> value)
    {
        var volume = new float[Shape[0] * Shape[1] * Shape[2]];
        var i = 0;
        for (var r = 0; r < Shape[0]; r++)
        {
            for (var a = 0; a < Shape[1]; a++)
            {
                for (var s = 0; s < Shape[2]; s++)
                {
                    volume[i++] = (float)value(r, a, s);
                }
            }
        }

        return volume;
    }
}
