using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Networks.Masking;

/// <summary>
/// Masks random cubes until their voxels, overlaps counted again, reach a part of the crop (arXiv 2410.10604 v1,
/// algorithm 1). Cubes overlap and reach over the border, so the ratio is not what is covered: of 96³ voxels and cubes
/// of 8³ on average 52.5 % at 0.8 and 55.7 % at 0.875; without a border it would be 1 − e^(−ratio), 55.1 % and 58.3 %.
/// </summary>
public static class CubeMask
{
    /// <summary>Number of cubes: the least whose voxels reach the ratio.</summary>
    /// <param name="voxels">Voxels of the crop.</param>
    /// <param name="side">Side of a cube, voxels.</param>
    /// <param name="ratio">Part of the crop, 0..1.</param>
    public static int Cubes(int voxels, int side, double ratio)
    {
        // Decimal arithmetic: 1000 · 0.7 is above 700 in binary and would draw a cube too many.
        return (int)decimal.Ceiling(voxels * (decimal)ratio / ((decimal)side * side * side));
    }

    /// <summary>
    /// Draws a mask. Centres are uniform over all voxels and cubes are clipped at the border: keeping them inside would
    /// cover as much but leave the crop's corners almost always visible.
    /// </summary>
    /// <param name="crop">Sides along R, A, S.</param>
    /// <param name="side">Side of a cube, voxels; an even one reaches one voxel further below its centre than above.</param>
    /// <param name="ratio">Part of the crop that the cubes' voxels reach, 0..1.</param>
    /// <param name="random">Stream of this one mask.</param>
    /// <returns>Voxels in C-order [R, A, S]: true where masked.</returns>
    public static bool[] Draw(IReadOnlyList<int> crop, int side, double ratio, CounterRandom random)
    {
        var voxels = new bool[crop[0] * crop[1] * crop[2]];
        for (var left = Cubes(voxels.Length, side, ratio); left > 0; left--)
        {
            var (r0, r1) = Side(crop[0], side, random);
            var (a0, a1) = Side(crop[1], side, random);
            var (s0, s1) = Side(crop[2], side, random);
            for (var r = r0; r < r1; r++)
            {
                for (var a = a0; a < a1; a++)
                {
                    voxels.AsSpan((((r * crop[1]) + a) * crop[2]) + s0, s1 - s0).Fill(true);
                }
            }
        }

        return voxels;
    }

    private static (int First, int End) Side(int length, int side, CounterRandom random)
    {
        var first = random.NextInt32(length) - (side / 2);
        return (Math.Max(0, first), Math.Min(length, first + side));
    }
}
