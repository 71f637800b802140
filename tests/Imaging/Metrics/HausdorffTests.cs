using System.Text.Json;
using BrainMVP.Federated.Imaging.Metrics;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Metrics;

public sealed class HausdorffTests
{
    private static readonly Gen<VolumeShape> Shapes = Gen.Select(Gen.Int[1, 8], Gen.Int[1, 8], Gen.Int[1, 8], (i, j, k) => new VolumeShape(i, j, k));
    private static readonly Gen<(VolumeShape Shape, bool[] First, bool[] Second)> Pairs =
        Gen.Select(Shapes, Masks.Kind, Masks.Kind, Gen.UInt, (shape, a, b, seed) =>
            (shape, Masks.Make(a, seed, shape), Masks.Make(b, seed + 7, shape))).Where(p => p.Item2.Contains(true) && p.Item3.Contains(true));

    private static readonly (double, double, double) Sizes = (0.7, 1.3, 2.9);

    internal static (bool[] Prediction, bool[] Truth) Pair(JsonElement golden)
    {
        return (One("prediction"), One("truth"));

        bool[] One(string name) => Masks.Make(golden.GetProperty(name)[0].GetString()!, golden.GetProperty(name)[1].GetUInt32(), golden.Shape("shape"));
    }

    [Fact]
    public void Values_of_the_definition_are_reproduced()
    {
        foreach (var golden in GoldenFile.Metrics.GetProperty("masks").EnumerateArray())
        {
            var (prediction, truth) = Pair(golden);
            var s = golden.GetProperty("spacing").Numbers();
            var (shape, spacing) = (golden.Shape("shape"), (s[0], s[1], s[2]));
            foreach (var (name, percent) in new (string, double?)[] { ("hd95", 95), ("hd50", 50), ("hausdorff", null) })
            {
                GoldenFile.AssertClose(golden.Number(name), HausdorffDistance.Of(prediction, truth, shape, spacing, EmptyMask.Monai, percent), 1e-13 * 20, $"{name} {golden}");
            }
        }
    }

    [Fact]
    public void Distance_is_symmetric_and_percentiles_do_not_exceed_the_largest() => Pairs.Sample(p =>
    {
        var (shape, a, b) = p;
        Assert.Equal(At(a, b, shape, Sizes, 95), At(b, a, shape, Sizes, 95));
        Assert.Equal(At(a, b, shape, Sizes, null), At(b, a, shape, Sizes, null));
        Assert.Equal(At(a, b, shape, Sizes, 100), At(a, b, shape, Sizes, null));
        Assert.InRange(At(a, b, shape, Sizes, 95), 0, At(a, b, shape, Sizes, null));
    });

    [Fact]
    public void Distance_is_zero_exactly_for_equal_surfaces() => Pairs.Sample(p =>
    {
        var (shape, a, b) = p;
        Assert.Equal(0, At(a, a, shape, Sizes, null));
        Assert.Equal(Surface.Edges(a, shape).SequenceEqual(Surface.Edges(b, shape)), At(a, b, shape, Sizes, null) == 0);
    });

    [Fact]
    public void Flips_and_permuted_axes_change_nothing_when_spacings_follow() => Pairs.Sample(p =>
    {
        var (shape, a, b) = p;
        var (si, sj, sk) = Sizes;
        var expected = At(a, b, shape, Sizes, 95);
        Assert.Equal(expected, At([.. a.Reverse()], [.. b.Reverse()], shape, Sizes, 95), 1e-12);
        var turned = new VolumeShape(shape.K, shape.I, shape.J);
        Assert.Equal(expected, At(Turn(a), Turn(b), turned, (sk, si, sj), 95), 1e-12);

        bool[] Turn(bool[] mask) => Masks.Where(turned, (k, i, j) => mask[(((i * shape.J) + j) * shape.K) + k]);
    });

    [Fact]
    public void Distance_scales_with_the_voxel_size_and_not_with_the_empty_space_around() => Pairs.Sample(p =>
    {
        var (shape, a, b) = p;
        var expected = At(a, b, shape, (1, 1, 1), 95);
        Assert.Equal(2 * expected, At(a, b, shape, (2, 2, 2), 95), 1e-12);
        var larger = new VolumeShape(shape.I + 3, shape.J + 4, shape.K + 5);
        Assert.Equal(expected, At(Inside(a), Inside(b), larger, (1, 1, 1), 95), 1e-12);

        bool[] Inside(bool[] mask) => Masks.Where(larger, (i, j, k) =>
            i >= 1 && i <= shape.I && j >= 2 && j < shape.J + 2 && k >= 3 && k < shape.K + 3 && mask[((((i - 1) * shape.J) + j - 2) * shape.K) + k - 3]);
    });

    [Fact]
    public void Edges_are_the_voxels_with_a_face_neighbour_outside_and_the_border_is_outside()
    {
        var shape = new VolumeShape(5, 5, 5);
        var ball = Masks.Where(shape, (i, j, k) => i is > 0 and < 4 && j is > 0 and < 4 && k is > 0 and < 4);
        Assert.Equal(26, Surface.Edges(ball, shape).Count(e => e));
        Assert.False(Surface.Edges(ball, shape)[62]);
        Assert.Equal(125 - 27, Surface.Edges(Enumerable.Repeat(true, 125).ToArray(), shape).Count(e => e));
        var cross = Masks.Where(shape, (i, j, k) => Math.Abs(i - 2) + Math.Abs(j - 2) + Math.Abs(k - 2) <= 1);
        Assert.Equal(6, Surface.Edges(cross, shape).Count(e => e));
    }

    /// <summary>Expected: MONAI percentile, MONAI plain, BraTS.</summary>
    [Theory]
    [InlineData(true, false, double.NaN, double.PositiveInfinity, 373.13)]
    [InlineData(false, true, double.NaN, double.PositiveInfinity, 373.13)]
    [InlineData(false, false, double.NaN, double.NaN, 0)]
    public void Empty_masks_follow_the_convention(bool predicted, bool real, double percentile, double plain, double brats)
    {
        var (p, t, shape) = (new[] { predicted, false }, new[] { real, false }, new VolumeShape(1, 1, 2));
        Assert.Equal(percentile, HausdorffDistance.At95(p, t, shape, (1, 1, 1), EmptyMask.Monai));
        Assert.Equal(plain, HausdorffDistance.Of(p, t, shape, (1, 1, 1), EmptyMask.Monai));
        Assert.Equal(brats, HausdorffDistance.At95(p, t, shape, (1, 1, 1), EmptyMask.Brats));
        Assert.Equal(brats, HausdorffDistance.Of(p, t, shape, (1, 1, 1), EmptyMask.Brats));
    }

    [Fact]
    public void The_value_of_BraTS_is_the_diagonal_of_its_volumes() =>
        Assert.Equal(HausdorffDistance.BratsMissing, Math.Sqrt((240 * 240) + (240 * 240) + (155 * 155)), 0.005);

    [Fact]
    public void Percentiles_of_sorted_numbers_are_linear_between_ranks()
    {
        Assert.Equal(2.5, SortedPercentile.Of([1, 2, 3, 4], 50));
        Assert.Equal(3.85, SortedPercentile.Of([1, 2, 3, 4], 95), 1e-12);
        Assert.Equal(4, SortedPercentile.Of([1, 2, 3, 4], 100));
        Assert.Equal(7, SortedPercentile.Of([7], 95));
        Assert.Throws<ArgumentOutOfRangeException>(() => SortedPercentile.Of([7], 101));
        Assert.Throws<ArgumentOutOfRangeException>(() => SortedPercentile.Of([], 50));
    }

    private static double At(bool[] a, bool[] b, VolumeShape shape, (double, double, double) spacing, double? percent) =>
        HausdorffDistance.Of(a, b, shape, spacing, EmptyMask.Monai, percent);
}
