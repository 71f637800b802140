using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Transforms;

public sealed class LabelResamplingTests
{
    [Fact]
    public void Labels_of_the_reference_are_reproduced()
    {
        foreach (var golden in GoldenFile.Metrics.GetProperty("labels").EnumerateArray())
        {
            var (shape, spacing) = (golden.Shape("shape"), golden.GetProperty("spacing").Numbers());
            float[] voxels = [.. Lcg.Image((uint)golden.Int("seed"), shape.Count).Select(v => MathF.Floor(v * 4))];
            var result = LabelResampling.ToSpacing(new Volume(shape, Affine.Scaling(spacing[0], spacing[1], spacing[2]), voxels), 1);
            Assert.Equal(golden.Shape("new"), result.Shape);
            Assert.Equal(golden.GetProperty("labels").Ints(), result.Voxels.Select(v => (int)v));
        }
    }

    [Fact]
    public void A_label_map_lands_on_the_grid_of_its_image_and_gains_no_label() =>
        Gen.Select(Gen.Double[0.5, 3], Gen.Double[0.5, 3], Gen.Double[-0.4, 0.4], Gen.Double[0.5, 3]).Sample((x, z, turn, target) =>
        {
            var (cosine, sine) = (Math.Cos(turn), Math.Sin(turn));
            var affine = new Affine(cosine * x, -sine * x, 0, 3, sine * x, cosine * x, 0, -4, 0, 0, z, 5);
            var labels = Make.Volume(6, 7, 5, (i, j, k) => (i * j * k) % 5 * 10, affine);
            var image = Spacing.To(labels, target);
            var result = LabelResampling.ToSpacing(labels, target);
            Assert.Equal(image.Shape, result.Shape);
            Assert.Equal(image.Affine, result.Affine);
            Assert.Subset(labels.Voxels.ToHashSet(), result.Voxels.ToHashSet());
        });

    [Fact]
    public void Half_way_goes_to_the_even_voxel()
    {
        var labels = Make.Volume(1, 1, 4, (_, _, k) => k, Affine.Scaling(1, 1, 2));
        Assert.Equal([0f, 0, 1, 2, 2, 2, 3], LabelResampling.ToSpacing(labels, 1).Voxels);
    }

    [Fact]
    public void Outside_is_the_border_or_label_zero()
    {
        var labels = Make.Volume(2, 2, 2, (_, _, _) => 3);
        var shifted = Affine.Scaling(1, 1, 1, -2, 0, 0);
        Assert.Equal([0f, 0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3], LabelResampling.To(labels, new VolumeShape(3, 2, 2), shifted, Outside.Zero).Voxels);
        Assert.All(LabelResampling.To(labels, new VolumeShape(3, 2, 2), shifted, Outside.Border).Voxels, v => Assert.Equal(3, v));
    }
}
