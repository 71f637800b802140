using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>Brings a volume to another grid through a transform, with one interpolation.</summary>
internal static class Carry
{
    /// <summary>Trilinear; zero outside the volume's field of view.</summary>
    /// <param name="source">Volume to carry.</param>
    /// <param name="grid">Where to.</param>
    /// <param name="toSource">Points of the grid's world to points of the volume's world.</param>
    public static Volume Linear(Volume source, Grid grid, Affine toSource) => Resampling.To(Placed(source, toSource), grid.Shape, grid.Affine, Outside.Zero);

    /// <summary>Whether the volume's field of view covers each voxel of the grid.</summary>
    public static bool[] Coverage(Volume source, Volume onGrid, Affine toSource) => Resampling.Coverage(Placed(source, toSource), onGrid);

    /// <summary>Nearest voxel, for label maps: no value appears that was not there.</summary>
    public static Volume Nearest(Volume source, Grid grid, Affine toSource)
    {
        var toVoxel = Placed(source, toSource).Affine.Inverse() * grid.Affine;
        var voxels = new float[grid.Shape.Count];
        var next = 0;
        for (var i = 0; i < grid.Shape.I; i++)
        {
            for (var j = 0; j < grid.Shape.J; j++)
            {
                for (var k = 0; k < grid.Shape.K; k++, next++)
                {
                    // Round half to even, as numpy and torch round.
                    var (x, y, z) = toVoxel.Apply(i, j, k);
                    int a = (int)Math.Round(x), b = (int)Math.Round(y), c = (int)Math.Round(z);
                    if (a >= 0 && b >= 0 && c >= 0 && a < source.Shape.I && b < source.Shape.J && c < source.Shape.K)
                    {
                        voxels[next] = source[a, b, c];
                    }
                }
            }
        }

        return new Volume(grid.Shape, grid.Affine, voxels);
    }

    /// <summary>A mask carried trilinearly and cut at one half: smoother than nearest neighbours.</summary>
    public static Volume Mask(Volume mask, Grid grid, Affine toSource)
    {
        var carried = Linear(mask, grid, toSource);
        for (var n = 0; n < carried.Voxels.Length; n++)
        {
            carried.Voxels[n] = carried.Voxels[n] >= 0.5f ? 1 : 0;
        }

        return carried;
    }

    /// <summary>The volume with its world moved to that of the grid.</summary>
    private static Volume Placed(Volume source, Affine toSource) => new(source.Shape, toSource.Inverse() * source.Affine, source.Voxels);
}

/// <summary>Voxels and where they lie.</summary>
internal readonly record struct Grid(VolumeShape Shape, Affine Affine)
{
    public static Grid Of(Volume volume) => new(volume.Shape, volume.Affine);
}
