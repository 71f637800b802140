using BrainMVP.Federated.Contracts.Randomness;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Masking;

/// <summary>
/// Masks whole cells of a regular grid: of N cells exactly ⌊N · (1 − ratio)⌋ stay visible, chosen without overlap by a
/// random permutation.
/// </summary>
public static class GridMask
{
    /// <summary>Number of visible cells.</summary>
    /// <param name="cells">All cells.</param>
    /// <param name="ratio">Part that is masked, 0..1.</param>
    public static int VisibleCells(int cells, double ratio)
    {
        // Decimal arithmetic: 1000 · (1 − 0.9) is 99.99… in binary and would lose a cell.
        return (int)decimal.Floor(cells * (1m - (decimal)ratio));
    }

    /// <summary>Draws a mask.</summary>
    /// <param name="crop">Sides along R, A, S; multiples of <paramref name="cell"/>.</param>
    /// <param name="cell">Side of a cubic cell, voxels.</param>
    /// <param name="ratio">Part of the cells that is masked, 0..1.</param>
    /// <param name="random">Stream of this one mask.</param>
    /// <returns>Voxels in C-order [R, A, S]: true where masked.</returns>
    public static bool[] Draw(IReadOnlyList<int> crop, int cell, double ratio, CounterRandom random)
    {
        var (rows, columns, slices) = (crop[0] / cell, crop[1] / cell, crop[2] / cell);
        var order = new int[rows * columns * slices];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        random.Shuffle<int>(order);
        var masked = new bool[order.Length];
        foreach (var index in order.AsSpan(VisibleCells(order.Length, ratio)))
        {
            masked[index] = true;
        }

        var voxels = new bool[crop[0] * crop[1] * crop[2]];
        for (var r = 0; r < crop[0]; r++)
        {
            for (var a = 0; a < crop[1]; a++)
            {
                var cells = (((r / cell) * columns) + (a / cell)) * slices;
                var line = voxels.AsSpan(((r * crop[1]) + a) * crop[2], crop[2]);
                for (var s = 0; s < line.Length; s++)
                {
                    line[s] = masked[cells + (s / cell)];
                }
            }
        }

        return voxels;
    }
}
