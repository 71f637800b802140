using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Transforms;

public sealed class ResizeTests
{
    private static readonly Gen<VolumeShape> Shapes = Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[1, 9], (i, j, k) => new VolumeShape(i, j, k));

    [Fact]
    public void Values_of_the_definition_are_reproduced()
    {
        foreach (var golden in GoldenFile.Metrics.GetProperty("resize").EnumerateArray())
        {
            var (old, shape, seed) = (golden.Shape("old"), golden.Shape("new"), (uint)golden.Int("seed"));
            var source = new Volume(old, Affine.Identity, Lcg.Image(seed, old.Count));
            foreach (var (mode, name, tolerance) in new[] { (ResizeMode.Area, "area", 6e-8), (ResizeMode.Trilinear, "trilinear", 1e-6), (ResizeMode.Nearest, "nearest", 0) })
            {
                var expected = golden.GetProperty(name).Numbers();
                var result = Resize.To(source, shape, mode);
                Assert.Equal(expected.Length, result.Voxels.Length);
                for (var n = 0; n < expected.Length; n++)
                {
                    GoldenFile.AssertClose(expected[n], result.Voxels[n], tolerance, $"{name} {seed} voxel {n}");
                }
            }
        }
    }

    [Fact]
    public void The_same_shape_is_the_same_volume() => Shapes.Sample(shape =>
    {
        var source = new Volume(shape, Affine.Identity, Lcg.Image(1, shape.Count));
        Assert.All(Enum.GetValues<ResizeMode>(), mode => Assert.Same(source, Resize.To(source, shape, mode)));
    });

    [Fact]
    public void A_constant_stays_and_nothing_leaves_the_range_of_the_source() => Gen.Select(Shapes, Shapes, Gen.Int[0, 9999]).Sample((old, shape, seed) =>
    {
        var source = new Volume(old, Affine.Identity, Lcg.Image((uint)seed, old.Count));
        var flat = new Volume(old, Affine.Identity, Enumerable.Repeat(0.7f, (int)old.Count).ToArray());
        foreach (var mode in Enum.GetValues<ResizeMode>())
        {
            Assert.All(Resize.To(flat, shape, mode).Voxels, v => Assert.Equal(0.7f, v));
            Assert.All(Resize.To(source, shape, mode).Voxels, v => Assert.InRange(v, source.Voxels.Min(), source.Voxels.Max()));
        }
    });

    [Fact]
    public void Area_of_a_whole_fraction_keeps_the_mean() => Gen.Select(Shapes, Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 3]).Sample((shape, a, b, c) =>
    {
        var source = new Volume(new VolumeShape(shape.I * a, shape.J * b, shape.K * c), Affine.Identity, Lcg.Image(5, shape.Count * a * b * c));
        Assert.Equal(source.Voxels.Average(v => (double)v), Resize.To(source, shape).Voxels.Average(v => (double)v), 1e-6);
    });

    [Fact]
    public void The_new_grid_covers_the_same_box_in_the_world() => Gen.Select(Shapes, Shapes).Sample((old, shape) =>
    {
        var source = new Volume(old, Affine.Scaling(-2, 1.5, 3, 7, 8, 9), new float[old.Count]);
        var result = Resize.To(source, shape);
        var (ax, ay, az) = source.Affine.Apply(-0.5, -0.5, -0.5);
        var (bx, by, bz) = result.Affine.Apply(-0.5, -0.5, -0.5);
        Assert.Equal(0, Math.Abs(ax - bx) + Math.Abs(ay - by) + Math.Abs(az - bz), 1e-9);
        (ax, ay, az) = source.Affine.Apply(old.I - 0.5, old.J - 0.5, old.K - 0.5);
        (bx, by, bz) = result.Affine.Apply(shape.I - 0.5, shape.J - 0.5, shape.K - 0.5);
        Assert.Equal(0, Math.Abs(ax - bx) + Math.Abs(ay - by) + Math.Abs(az - bz), 1e-9);
    });

    [Theory]
    [InlineData(240, 240, 155, 128, 128, 128, 83)]
    [InlineData(100, 5, 15, 10, 10, 0, 2)]
    [InlineData(100, 25, 35, 10, 10, 2, 4)]
    public void Longest_side_scales_all_sides_and_rounds_halves_to_even(int i, int j, int k, int longest, int a, int b, int c) =>
        Assert.Equal(new VolumeShape(a, b, c), Resize.Longest(new VolumeShape(i, j, k), longest));
}
