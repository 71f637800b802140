using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Transforms;

public sealed class PaddedCropTests
{
    [Fact]
    public void A_margin_may_leave_the_image_and_is_zero_there()
    {
        var volume = Make.Volume(4, 5, 6, (i, j, k) => i == 0 && j == 4 && k == 2 ? 7 : -1, Affine.Scaling(2, 2, 2));
        var box = PaddedCrop.Box([volume], 2)!.Value;
        Assert.Equal(new VoxelBox(-2, 2, 0, 3, 7, 5), box);
        var crop = PaddedCrop.Crop(volume, box);
        Assert.Equal(new VolumeShape(5, 5, 5), crop.Shape);
        Assert.Equal((-4.0, 4.0, 0.0), crop.Affine.Apply(0, 0, 0));
        Assert.Equal(7, crop[2, 2, 2]);
        Assert.Equal(0, crop[1, 2, 2]);
        Assert.Equal(0, crop[2, 3, 2]);
        Assert.Equal(-1, crop[4, 0, 0]);
        Assert.Null(PaddedCrop.Box([Make.Volume(2, 2, 2, (_, _, _) => 0)], 1));
    }

    [Fact]
    public void Cropping_back_what_was_padded_gives_the_same_voxels_and_grid() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 5], Gen.Int[1, 5], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 3]).Sample((a, b, c, x, y, z) =>
        {
            var source = Make.Volume(a, b, c, (i, j, k) => 1 + (i * 100) + (j * 10) + k, Affine.Scaling(1, 2, 3, 4, 5, 6));
            var padded = PaddedCrop.Crop(source, new VoxelBox(-x, -y, -z, a + z, b + x, c + y));
            Assert.Equal(source.Voxels.Sum(), padded.Voxels.Sum());
            var back = padded.Crop(new VoxelBox(x, y, z, x + a, y + b, z + c));
            Assert.Equal(source.Voxels, back.Voxels);
            Assert.True(source.SharesGridWith(back));
        });

    [Fact]
    public void Symmetric_padding_and_its_crop_are_inverse() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[1, 6], Gen.Int[1, 6], Gen.Int[1, 9]).Sample((a, b, c, least) =>
        {
            var source = Make.Volume(a, b, c, (i, j, k) => 1 + (i * 100) + (j * 10) + k);
            var padded = Padding.Symmetric(source, new VolumeShape(least, least, least));
            int i = (padded.Shape.I - a) / 2, j = (padded.Shape.J - b) / 2, k = (padded.Shape.K - c) / 2;
            Assert.Equal(source.Voxels, padded.Crop(new VoxelBox(i, j, k, i + a, j + b, k + c)).Voxels);
            Assert.Equal(source.Voxels.Sum(), padded.Voxels.Sum());
        });

    [Fact]
    public void A_box_inside_is_the_ordinary_crop()
    {
        var source = Make.Volume(5, 6, 7, (i, j, k) => (i * 100) + (j * 10) + k);
        var box = new VoxelBox(1, 2, 3, 4, 5, 7);
        Assert.Equal(source.Crop(box).Voxels, PaddedCrop.Crop(source, box).Voxels);
        Assert.All(PaddedCrop.Crop(source, new VoxelBox(9, 9, 9, 11, 11, 11)).Voxels, v => Assert.Equal(0, v));
    }

    [Fact]
    public void Scaling_without_clip_reproduces_the_reference()
    {
        foreach (var golden in GoldenFile.Metrics.GetProperty("unclipped").EnumerateArray())
        {
            var shape = golden.Shape("shape");
            float[] voxels = [.. Lcg.Image((uint)golden.Int("seed"), shape.Count).Select(v => (v * 1000f) - 200f)];
            var scaled = IntensityScaling.ByPercentiles(new Volume(shape, Affine.Identity, voxels), 5, 95, clip: false).Voxels;
            var expected = golden.GetProperty("values").Numbers();
            for (var n = 0; n < expected.Length; n++)
            {
                GoldenFile.AssertClose(expected[n], scaled[n * 7], 3e-7, $"voxel {n * 7}");
            }

            GoldenFile.AssertClose(golden.Number("min"), scaled.Min(), 3e-7, "min");
            GoldenFile.AssertClose(golden.Number("max"), scaled.Max(), 3e-7, "max");
            Assert.True(scaled.Min() < 0 && scaled.Max() > 1);
        }
    }
}
