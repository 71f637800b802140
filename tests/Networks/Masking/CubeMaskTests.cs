using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Masking;
using CsCheck;

namespace BrainMVP.Federated.Networks.Tests.Masking;

public sealed class CubeMaskTests
{
    [Theory]
    [InlineData(884736, 8, 0.8, 1383)]
    [InlineData(884736, 8, 0.875, 1512)]
    [InlineData(1000, 1, 0.7, 700)]
    [InlineData(4096, 4, 0, 0)]
    [InlineData(4096, 4, 1, 64)]
    [InlineData(4096, 16, 0.01, 1)]
    public void Cubes_are_drawn_until_their_voxels_reach_the_ratio(int voxels, int side, double ratio, int cubes) => Assert.Equal(cubes, CubeMask.Cubes(voxels, side, ratio));

    [Theory]
    [InlineData(0.8, 0.525)]
    [InlineData(0.875, 0.557)]
    public void Published_crop_is_covered_as_far_as_overlaps_and_the_border_let_it(double ratio, double rounded)
    {
        const int Draws = 40;
        var covered = Enumerable.Range(0, Draws).Average(i => CubeMask.Draw([96, 96, 96], 8, ratio, new CounterRandom(1, "mask", i)).Count(m => m) / 884736.0);
        var expected = ExpectedCoverage(96, 8, CubeMask.Cubes(884736, 8, ratio));
        Assert.Equal(rounded, expected, 1e-3);

        // One draw varies by about 0.005.
        Assert.Equal(expected, covered, 4e-3);
        Assert.InRange(expected, 1 - Math.Exp(-ratio) - 0.03, 1 - Math.Exp(-ratio));
    }

    [Fact]
    public void Masked_voxels_are_unions_of_cubes_clipped_at_the_border() => Gen.Select(Gen.Int[4, 12], Gen.Int[4, 12], Gen.Int[4, 12], Gen.Int[1, 4], Gen.Int[0, 999]).Sample((a, b, c, side, seed) =>
    {
        int[] crop = [a, b, c];
        var mask = CubeMask.Draw(crop, side, 0.3, new CounterRandom((ulong)seed, "mask"));
        for (var i = 0; i < mask.Length; i++)
        {
            Assert.True(!mask[i] || IsInACube(mask, crop, side, [i / (b * c), i / c % b, i % c]));
        }
    });

    [Fact]
    public void Voxels_at_the_corner_are_masked_too()
    {
        var masked = Enumerable.Range(0, 300).Count(i => CubeMask.Draw([32, 32, 32], 4, 0.8, new CounterRandom(1, "corner", i))[0]);

        // Three of 32 centres reach it along each axis: 1 − (1 − (3/32)³)^410 is 0.29, 86 of 300.
        Assert.InRange(masked, 50, 125);
    }

    [Fact]
    public void Equal_streams_give_equal_masks_and_a_plan_chooses_the_geometry()
    {
        int[] crop = [32, 32, 32];
        var cubes = new TrainingPlan { MaskGeometry = "cubes", MaskCell = 4, MaskRatio = 0.5 };
        CounterRandom Stream() => new(1, "view", 1);
        Assert.Equal(CubeMask.Draw(crop, 4, 0.5, Stream()), Masks.Draw(cubes, crop, Stream()));
        Assert.Equal(GridMask.Draw(crop, 4, 0.5, Stream()), Masks.Draw(cubes with { MaskGeometry = "grid" }, crop, Stream()));
        Assert.NotEqual(Masks.Draw(cubes, crop, Stream()), Masks.Draw(cubes, crop, new CounterRandom(1, "view", 2)));
    }

    /// <summary>Some placement of the cube, clipped at the border, holds the voxel and is masked whole.</summary>
    private static bool IsInACube(bool[] mask, int[] crop, int side, int[] at)
    {
        for (var offset = 0; offset < side * side * side; offset++)
        {
            int[] start = [at[0] - (offset / (side * side)), at[1] - (offset / side % side), at[2] - (offset % side)];
            var whole = true;
            for (var i = 0; i < side * side * side && whole; i++)
            {
                int[] v = [start[0] + (i / (side * side)), start[1] + (i / side % side), start[2] + (i % side)];
                whole = Enumerable.Range(0, 3).Any(axis => v[axis] < 0 || v[axis] >= crop[axis]) || mask[(((v[0] * crop[1]) + v[1]) * crop[2]) + v[2]];
            }

            if (whole)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Mean over the voxels of 1 − (1 − p)^cubes, where p is the chance that one cube covers the voxel.</summary>
    private static double ExpectedCoverage(int length, int side, int cubes)
    {
        var chance = Enumerable.Range(0, length)
            .Select(at => (double)Enumerable.Range(0, length).Count(centre => at >= centre - (side / 2) && at < centre - (side / 2) + side) / length)
            .ToArray();
        var counted = chance.GroupBy(p => p).Select(g => (P: g.Key, N: g.Count())).ToArray();
        var sum = 0.0;
        foreach (var (p, n) in counted)
        {
            foreach (var (q, m) in counted)
            {
                foreach (var (r, k) in counted)
                {
                    sum += (1 - Math.Pow(1 - (p * q * r), cubes)) * n * m * k;
                }
            }
        }

        return sum / ((double)length * length * length);
    }
}
