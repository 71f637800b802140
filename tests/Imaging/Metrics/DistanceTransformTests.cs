using BrainMVP.Federated.Imaging.Metrics;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Metrics;

public sealed class DistanceTransformTests
{
    private static readonly Gen<VolumeShape> Shapes = Gen.Select(Gen.Int[1, 11], Gen.Int[1, 9], Gen.Int[1, 12], (i, j, k) => new VolumeShape(i, j, k));
    private static readonly Gen<double> Size = Gen.OneOf(Gen.Const(1.0), Gen.Double[0.1, 5], Gen.Const(1e-3), Gen.Const(1e3));

    [Fact]
    public void Distances_equal_the_minimum_over_all_marks() =>
        Gen.Select(Shapes, Size, Size, Size, Gen.Int[0, 9999], Masks.Kind).Sample((shape, a, b, c, seed, kind) =>
        {
            var marked = Masks.Make(kind, (uint)seed, shape);
            var squares = DistanceTransform.Squared(marked, shape, (a, b, c));
            for (var n = 0; n < marked.Length; n++)
            {
                var least = double.PositiveInfinity;
                for (var m = 0; m < marked.Length; m++)
                {
                    if (marked[m])
                    {
                        var (i, j, k) = Offset(n, m, shape);
                        least = Math.Min(least, (a * i * a * i) + (b * j * b * j) + (c * k * c * k));
                    }
                }

                GoldenFile.AssertClose(least, squares[n], 1e-13 * least, $"{kind} {shape} voxel {n}");
            }
        }, iter: 300);

    [Fact]
    public void Whole_voxels_give_whole_squares_without_any_rounding() => Gen.Select(Shapes, Gen.Int[0, 9999]).Sample((shape, seed) =>
    {
        var marked = Masks.Make("noise", (uint)seed, shape);
        if (marked.Contains(true))
        {
            Assert.All(DistanceTransform.Squared(marked, shape, (1, 1, 1)), s => Assert.Equal(Math.Round(s), s));
        }
    });

    [Fact]
    public void Nothing_marked_is_infinitely_far() =>
        Assert.All(DistanceTransform.Squared(new bool[24], new VolumeShape(2, 3, 4), (1, 1, 1)), s => Assert.Equal(double.PositiveInfinity, s));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Voxel_sizes_that_are_none_are_refused(double size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DistanceTransform.Squared(new bool[1], new VolumeShape(1, 1, 1), (1, size, 1)));

    private static (int I, int J, int K) Offset(int n, int m, VolumeShape s) =>
        ((n / (s.J * s.K)) - (m / (s.J * s.K)), (n / s.K % s.J) - (m / s.K % s.J), (n % s.K) - (m % s.K));
}
