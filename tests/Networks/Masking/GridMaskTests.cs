using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Masking;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Tests.Masking;

public sealed class GridMaskTests
{
    [Theory]
    [InlineData(1728, 0.8, 345)]
    [InlineData(1728, 0.875, 216)]
    [InlineData(1000, 0.9, 100)]
    [InlineData(512, 0, 512)]
    [InlineData(512, 1, 0)]
    public void Visible_cells_are_counted_exactly(int cells, double ratio, int visible) => Assert.Equal(visible, GridMask.VisibleCells(cells, ratio));

    [Theory]
    [InlineData(0.8, 345)]
    [InlineData(0.875, 216)]
    public void Published_crop_keeps_the_published_number_of_cells(double ratio, int visible)
    {
        var mask = GridMask.Draw([96, 96, 96], 8, ratio, new CounterRandom(1, "mask"));
        Assert.Equal(visible * 512, mask.Count(masked => !masked));
    }

    [Fact]
    public void Cells_are_masked_whole()
    {
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 4], Gen.Double[0, 1], Gen.Int[0, 1000]).Sample((rows, columns, slices, ratio, seed) =>
        {
            const int Cell = 4;
            int[] crop = [rows * Cell, columns * Cell, slices * Cell];
            var mask = GridMask.Draw(crop, Cell, ratio, new CounterRandom((ulong)seed, "mask"));
            for (var i = 0; i < mask.Length; i++)
            {
                var (r, a, s) = (i / (crop[1] * crop[2]), i / crop[2] % crop[1], i % crop[2]);
                var corner = ((((r / Cell * Cell) * crop[1]) + (a / Cell * Cell)) * crop[2]) + (s / Cell * Cell);
                Assert.Equal(mask[corner], mask[i]);
            }

            Assert.Equal(GridMask.VisibleCells(rows * columns * slices, ratio) * Cell * Cell * Cell, mask.Count(m => !m));
        });
    }

    [Fact]
    public void Streams_of_other_names_give_other_masks_and_equal_names_equal_masks()
    {
        var first = GridMask.Draw([32, 32, 32], 4, 0.5, new CounterRandom(1, "view", 1));
        Assert.Equal(first, GridMask.Draw([32, 32, 32], 4, 0.5, new CounterRandom(1, "view", 1)));
        Assert.NotEqual(first, GridMask.Draw([32, 32, 32], 4, 0.5, new CounterRandom(1, "view", 2)));
    }

    [Fact]
    public void Visible_voxels_stay_bit_identical_and_masked_ones_come_from_the_filler()
    {
        using var scope = NewDisposeScope();
        var voxels = GridMask.Draw([16, 16, 16], 4, 0.8, new CounterRandom(1, "mask"));
        var (target, filler) = (Tiny.Uniform([16, 16, 16], "target"), Tiny.Uniform([16, 16, 16], "filler"));
        var view = MaskedViews.Fill(target, tensor(voxels).reshape(16, 16, 16), filler);
        var (v, t, f) = (view.data<float>().ToArray(), target.data<float>().ToArray(), filler.data<float>().ToArray());
        for (var i = 0; i < voxels.Length; i++)
        {
            Assert.Equal(voxels[i] ? f[i] : t[i], v[i]);
        }
    }
}
