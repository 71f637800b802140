using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Transforms;

public sealed class RandomCropTests
{
    private static readonly Gen<VolumeShape> Shapes = Gen.Select(Gen.Int[1, 12], Gen.Int[1, 12], Gen.Int[1, 12], (i, j, k) => new VolumeShape(i, j, k));

    [Fact]
    public void Axes_longer_than_the_roi_take_a_draw_each_and_the_others_none()
    {
        var draws = new GivenDraws(144, 3);
        Assert.Equal(new VoxelBox(144, 0, 3, 240, 80, 99), RandomCrop.Box(new VolumeShape(240, 80, 155), new VolumeShape(96, 96, 96), draws));
        Assert.Equal([145, 60], draws.Bounds);
        Assert.True(draws.AllTaken);
    }

    [Fact]
    public void Samples_follow_one_another()
    {
        var draws = new GivenDraws(1, 2, 3, 4, 5, 6);
        Assert.Equal(
            [new VoxelBox(1, 2, 3, 5, 6, 7), new VoxelBox(4, 5, 6, 8, 9, 10)],
            RandomCrop.Boxes(new VolumeShape(10, 10, 10), new VolumeShape(4, 4, 4), 2, draws));
    }

    [Fact]
    public void Boxes_lie_inside_and_have_the_size_of_the_roi_clipped_to_the_image() => Gen.Select(Shapes, Shapes, Gen.Int[0, 9999]).Sample((image, roi, seed) =>
    {
        var box = RandomCrop.Box(image, roi, new CounterDraws(new CounterRandom((ulong)seed, "crop")));
        Assert.Equal(new VolumeShape(Math.Min(image.I, roi.I), Math.Min(image.J, roi.J), Math.Min(image.K, roi.K)), box.Shape);
        Assert.True(box is { I0: >= 0, J0: >= 0, K0: >= 0 } && box.I1 <= image.I && box.J1 <= image.J && box.K1 <= image.K);
    });

    [Fact]
    public void Every_start_is_equally_likely()
    {
        var draws = new CounterDraws(new CounterRandom(5, "crop"));
        var counts = new int[7];
        for (var n = 0; n < 7000; n++)
        {
            counts[RandomCrop.Box(new VolumeShape(10, 4, 4), new VolumeShape(4, 4, 4), draws).I0]++;
        }

        Assert.All(counts, c => Assert.InRange(c, 880, 1120));
    }

    /// <summary>Positions by MONAI's formulas, worked out by hand.</summary>
    [Theory]
    [InlineData(10, 4, 0, 0)] // centre moved up to 2
    [InlineData(10, 4, 5, 3)]
    [InlineData(10, 4, 9, 6)] // centre moved down to 8
    [InlineData(10, 5, 0, 0)]
    [InlineData(10, 5, 9, 5)]
    [InlineData(5, 5, 0, 0)]
    [InlineData(6, 6, 5, 0)]
    [InlineData(3, 1, 2, 2)]
    public void A_box_is_centred_on_its_voxel_unless_it_would_leave_the_image(int side, int roi, int voxel, int start)
    {
        var shape = new VolumeShape(side, 1, 1);
        var crop = new LabelBalancedCrop(shape, Masks.Where(shape, (i, _, _) => i == voxel));
        var draws = new GivenDraws(0.4999, 0);
        Assert.Equal(new VoxelBox(start, 0, 0, start + roi, 1, 1), crop.Box(new VolumeShape(roi, 1, 1), draws));
        Assert.Equal([1], draws.Bounds);
    }

    [Fact]
    public void A_number_at_or_above_the_share_chooses_a_valid_negative()
    {
        var shape = new VolumeShape(2, 3, 4);
        var positive = Masks.Where(shape, (i, j, k) => (i, j, k) is (0, 1, 2) or (1, 2, 3));
        var valid = Masks.Where(shape, (i, j, k) => k >= 2);
        var crop = new LabelBalancedCrop(shape, positive, valid);
        Assert.Equal((2, 10), (crop.Positives, crop.Negatives));
        var one = new VolumeShape(1, 1, 1);
        Assert.Equal(new VoxelBox(1, 2, 3, 2, 3, 4), crop.Box(one, new GivenDraws(0.74, 1), positiveShare: 0.75));
        var draws = new GivenDraws(0.75, 2);
        Assert.Equal(new VoxelBox(0, 1, 3, 1, 2, 4), crop.Box(one, draws, positiveShare: 0.75));
        Assert.Equal([10], draws.Bounds);
    }

    [Fact]
    public void Ranks_run_through_a_class_in_C_order() => Gen.Select(Shapes, Gen.Int[0, 9999]).Sample((shape, seed) =>
    {
        var positive = Masks.Make("noise", (uint)seed, shape);
        var valid = Masks.Make("noise", (uint)seed + 1, shape);
        if (!positive.Contains(true) && !valid.Contains(true))
        {
            return;
        }

        var crop = new LabelBalancedCrop(shape, positive, valid);
        var one = new VolumeShape(1, 1, 1);
        foreach (var (wanted, u) in new[] { (positive, 0.0), ([.. valid.Zip(positive, (v, p) => v && !p)], 0.999) })
        {
            var at = Enumerable.Range(0, wanted.Length).Where(n => wanted[n]).ToArray();
            for (var rank = 0; rank < at.Length; rank++)
            {
                var box = crop.Box(one, new GivenDraws(u, rank));
                Assert.Equal(at[rank], (((box.I0 * shape.J) + box.J0) * shape.K) + box.K0);
            }
        }
    });

    [Fact]
    public void An_empty_class_leaves_the_choice_to_the_other()
    {
        var shape = new VolumeShape(3, 1, 1);
        Assert.Equal(2, new LabelBalancedCrop(shape, [true, true, true]).Box(new VolumeShape(1, 1, 1), new GivenDraws(0.99, 2)).I0);
        Assert.Equal(1, new LabelBalancedCrop(shape, [false, false, false]).Box(new VolumeShape(1, 1, 1), new GivenDraws(0, 1)).I0);
        Assert.Throws<ArgumentException>(() => new LabelBalancedCrop(shape, new bool[3], new bool[3]));
    }

    [Fact]
    public void A_roi_larger_than_the_image_is_refused_or_cut_on_request()
    {
        var crop = new LabelBalancedCrop(new VolumeShape(3, 8, 8), Masks.Where(new VolumeShape(3, 8, 8), (i, j, k) => i + j + k == 0));
        var roi = new VolumeShape(4, 4, 4);
        Assert.Throws<ArgumentException>(() => crop.Box(roi, new GivenDraws(0, 0)));
        Assert.Equal(new VoxelBox(0, 0, 0, 3, 4, 4), crop.Box(roi, new GivenDraws(0, 0), allowSmaller: true));
    }

    [Fact]
    public void Boxes_around_labels_lie_inside_and_hold_their_voxel() => Gen.Select(Shapes, Shapes, Gen.Int[0, 9999]).Sample((shape, roi, seed) =>
    {
        var spot = Masks.Make("single", (uint)seed, shape);
        var box = new LabelBalancedCrop(shape, spot).Box(roi, new GivenDraws(0, 0), allowSmaller: true);
        Assert.Equal(new VolumeShape(Math.Min(shape.I, roi.I), Math.Min(shape.J, roi.J), Math.Min(shape.K, roi.K)), box.Shape);
        var volume = new Volume(shape, Affine.Identity, [.. spot.Select(s => s ? 1f : 0f)]);
        Assert.Equal(1, volume.Crop(box).Voxels.Sum());
    });
}
