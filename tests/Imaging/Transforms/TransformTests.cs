using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Transforms;

public sealed class TransformTests
{
    [Fact]
    public void Any_axis_order_keeps_every_voxel_at_its_place_in_the_world()
    {
        int[][] orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 7], Gen.Int[0, 1_000_000]).Sample((order, flips, seed) =>
        {
            var rows = new double[12];
            for (var axis = 0; axis < 3; axis++)
            {
                var sign = (flips & (1 << axis)) == 0 ? 1 : -1;
                rows[(orders[order][axis] * 4) + axis] = sign * (1 + (0.5 * axis));
                rows[(axis * 4) + axis] += 0.02;
                rows[(axis * 4) + 3] = (seed % 97) + axis;
            }

            var source = Make.Volume(3, 4, 5, (i, j, k) => (i * 100) + (j * 10) + k, Affine.FromRows(rows));
            var ras = Orientation.ToRas(source);
            var back = source.Affine.Inverse() * ras.Affine;
            for (var i = 0; i < ras.Shape.I; i++)
            {
                for (var j = 0; j < ras.Shape.J; j++)
                {
                    for (var k = 0; k < ras.Shape.K; k++)
                    {
                        var (x, y, z) = back.Apply(i, j, k);
                        Assert.Equal(source[(int)Math.Round(x), (int)Math.Round(y), (int)Math.Round(z)], ras[i, j, k]);
                    }
                }
            }

            Assert.True(ras.Affine.M00 > 0 && ras.Affine.M11 > 0 && ras.Affine.M22 > 0);
        }, iter: 200);
    }

    [Fact]
    public void A_linear_ramp_survives_any_change_of_spacing_inside_the_field_of_view() =>
        // Spacings that differ by less than about a thousandth count as equal and leave the voxels untouched.
        Gen.Select(Gen.Double[0.5, 4], Gen.Double[0.6, 3]).Where((target, size) => Math.Abs((target / size) - 1) > 0.003).Sample((target, size) =>
        {
            var source = Make.Volume(12, 9, 10, (i, j, k) => (float)((2 * i) + j - (3 * k)), Affine.Scaling(size, size, size));
            var result = Spacing.To(source, target);
            for (var i = 0; i < result.Shape.I; i++)
            {
                var step = result.Affine.M00 / size;
                var at = Math.Clamp(i * step, 0, 11);
                Assert.Equal(2 * at, result[i, 0, 0], 1e-4);
            }
        }, iter: 100);

    [Fact]
    public void Two_millimetre_axis_of_128_becomes_255_voxels() =>
        Assert.Equal(new VolumeShape(255, 3, 142), Spacing.To(Make.Volume(128, 2, 48, (_, _, _) => 1, Affine.Scaling(2, 2, 3)), 1).Shape);

    [Fact]
    public void Resampling_by_world_coordinates_finds_the_same_anatomy_on_a_shifted_and_flipped_grid()
    {
        var source = Make.Ball(20, 7);
        var grid = Make.Volume(30, 30, 30, (_, _, _) => 0, Affine.Scaling(-1, 1, 1, 24, -5, -5));
        var result = Resampling.To(source, grid);
        Assert.Equal(source[10, 9, 8], result[14, 14, 13]);
        Assert.Equal(0, result[0, 0, 0]);
        Assert.False(Resampling.Coverage(source, grid)[0]);
        Assert.True(Resampling.Coverage(source, grid)[grid.Index(14, 14, 13)]);
    }

    [Fact]
    public void Percentiles_equal_those_of_a_sorted_copy() =>
        Gen.Select(Gen.Float[-1000, 1000].Array[1, 300], Gen.Double[0, 100]).Sample((values, percent) =>
        {
            var sorted = values.Order().ToArray();
            var rank = percent / 100 * (values.Length - 1);
            var low = (int)Math.Floor(rank);
            var high = Math.Min(low + 1, sorted.Length - 1);
            var expected = sorted[low] + ((rank - low) * ((double)sorted[high] - sorted[low]));
            Assert.Equal(expected, Percentiles.Of(values, percent), 1e-3);
            Assert.Equal(sorted[low], Percentiles.Select(values, low));
        });

    [Fact]
    public void Centre_crop_keeps_the_array_centre_and_all_foreground() =>
        Gen.Select(Gen.Int[3, 12], Gen.Int[3, 12], Gen.Int[3, 12], Gen.Int[0, 100000]).Sample((a, b, c, seed) =>
        {
            var spot = (I: seed % a, J: seed / 7 % b, K: seed / 53 % c);
            var volume = Make.Volume(a, b, c, (i, j, k) => (i, j, k) == spot ? 1 : 0);
            var box = ForegroundCrop.CenterBox([volume])!.Value;
            Assert.Equal(a, box.I0 + box.I1);
            Assert.Equal(b, box.J0 + box.J1);
            Assert.Equal(c, box.K0 + box.K1);
            Assert.Equal(1, volume.Crop(box).Voxels.Sum());
        });

    [Fact]
    public void A_volume_without_foreground_has_no_box() => Assert.Null(ForegroundCrop.CenterBox([Make.Volume(4, 4, 4, (_, _, _) => -1)]));

    [Fact]
    public void Equal_percentiles_shift_and_never_clip()
    {
        var scaled = IntensityScaling.ByPercentiles(Make.Volume(10, 10, 10, (i, j, k) => i + j + k == 0 ? 9 : 4), 5, 95, clip: true);
        Assert.Equal(5, scaled[0, 0, 0]);
        Assert.Equal(0, scaled[1, 1, 1]);
    }

    [Fact]
    public void Padding_puts_the_smaller_half_before_and_moves_the_affine()
    {
        var padded = Padding.Symmetric(Make.Volume(3, 4, 5, (_, _, _) => 1), new VolumeShape(6, 2, 8));
        Assert.Equal(new VolumeShape(6, 4, 8), padded.Shape);
        Assert.Equal(0, padded[0, 0, 1]);
        Assert.Equal(1, padded[1, 0, 1]);
        Assert.Equal((-1.0, 0.0, -1.0), padded.Affine.Apply(0, 0, 0));
        Assert.Equal(60, padded.Voxels.Sum());
    }
}
