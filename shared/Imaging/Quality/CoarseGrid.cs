using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>Block means: a volume on voxels of about a given size, without noise that a search could follow.</summary>
internal static class CoarseGrid
{
    /// <summary>Voxels of the fine grid per voxel of the coarse one, along each axis.</summary>
    public static (int I, int J, int K) Factors(Volume volume, double sizeMm)
    {
        var (x, y, z) = volume.Affine.Spacing;
        return (Factor(x, volume.Shape.I), Factor(y, volume.Shape.J), Factor(z, volume.Shape.K));

        int Factor(double spacing, int count) => Math.Clamp((int)Math.Round(sizeMm / spacing), 1, count);
    }

    public static VolumeShape Shape(VolumeShape fine, (int I, int J, int K) factors) => new(fine.I / factors.I, fine.J / factors.J, fine.K / factors.K);

    /// <summary>Mean of each block; what does not fill a block at the end of an axis is left out.</summary>
    public static float[] Means(float[] voxels, VolumeShape fine, (int I, int J, int K) factors) => Blocks(voxels, fine, factors);

    /// <summary>True where more than half of a block is.</summary>
    public static bool[] Majority(bool[] mask, VolumeShape fine, (int I, int J, int K) factors) =>
        Array.ConvertAll(Blocks(Array.ConvertAll(mask, inside => inside ? 1f : 0f), fine, factors), share => share > 0.5f);

    private static float[] Blocks(float[] voxels, VolumeShape fine, (int I, int J, int K) factors)
    {
        var shape = Shape(fine, factors);
        var sums = new float[shape.Count];
        for (var i = 0; i < shape.I * factors.I; i++)
        {
            for (var j = 0; j < shape.J * factors.J; j++)
            {
                var from = ((i * fine.J) + j) * fine.K;
                var to = (((i / factors.I) * shape.J) + (j / factors.J)) * shape.K;
                for (var k = 0; k < shape.K; k++)
                {
                    for (var inside = 0; inside < factors.K; inside++)
                    {
                        sums[to + k] += voxels[from++];
                    }
                }
            }
        }

        var share = 1f / (factors.I * factors.J * factors.K);
        for (var n = 0; n < sums.Length; n++)
        {
            sums[n] *= share;
        }

        return sums;
    }
}
