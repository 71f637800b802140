using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>What lies outside a volume's voxel centres.</summary>
public enum Outside
{
    /// <summary>The nearest voxel (MONAI padding "border").</summary>
    Border,

    /// <summary>Zero.</summary>
    Zero,
}

/// <summary>Samples a volume on another grid: trilinear in double, rounded to float once.</summary>
public static class Resampling
{
    private const double Slack = 1e-6;

    /// <summary>Resamples by world coordinates onto the grid of another volume; zero outside the field of view.</summary>
    public static Volume To(Volume source, Volume grid) => To(source, grid.Shape, grid.Affine, Outside.Zero);

    /// <summary>Resamples by world coordinates onto a grid.</summary>
    public static Volume To(Volume source, VolumeShape shape, Affine affine, Outside outside)
    {
        var toSource = source.Affine.Inverse() * affine;
        var voxels = new float[shape.Count];
        var next = 0;
        for (var i = 0; i < shape.I; i++)
        {
            for (var j = 0; j < shape.J; j++)
            {
                for (var k = 0; k < shape.K; k++)
                {
                    var (x, y, z) = toSource.Apply(i, j, k);
                    voxels[next++] = outside == Outside.Zero && !IsInside(source.Shape, x, y, z) ? 0 : Trilinear(source, x, y, z);
                }
            }
        }

        return new Volume(shape, affine, voxels);
    }

    /// <summary>For each voxel of a grid: whether its centre lies inside the source's field of view.</summary>
    public static bool[] Coverage(Volume source, Volume grid)
    {
        var toSource = source.Affine.Inverse() * grid.Affine;
        var covered = new bool[grid.Voxels.Length];
        var next = 0;
        for (var i = 0; i < grid.Shape.I; i++)
        {
            for (var j = 0; j < grid.Shape.J; j++)
            {
                for (var k = 0; k < grid.Shape.K; k++)
                {
                    var (x, y, z) = toSource.Apply(i, j, k);
                    covered[next++] = IsInside(source.Shape, x, y, z);
                }
            }
        }

        return covered;
    }

    private static bool IsInside(VolumeShape shape, double x, double y, double z) =>
        x >= -Slack && x <= shape.I - 1 + Slack && y >= -Slack && y <= shape.J - 1 + Slack && z >= -Slack && z <= shape.K - 1 + Slack;

    /// <summary>Value at a voxel position; positions outside count as the nearest inside.</summary>
    internal static float Trilinear(Volume v, double x, double y, double z)
    {
        x = Math.Clamp(x, 0, v.Shape.I - 1);
        y = Math.Clamp(y, 0, v.Shape.J - 1);
        z = Math.Clamp(z, 0, v.Shape.K - 1);
        int i = (int)x, j = (int)y, k = (int)z;
        double fx = x - i, fy = y - j, fz = z - k;
        var at = v.Index(i, j, k);
        var di = i + 1 < v.Shape.I ? v.Shape.J * v.Shape.K : 0;
        var dj = j + 1 < v.Shape.J ? v.Shape.K : 0;
        var dk = k + 1 < v.Shape.K ? 1 : 0;
        var voxels = v.Voxels;
        var c00 = (voxels[at] * (1 - fz)) + (voxels[at + dk] * fz);
        var c01 = (voxels[at + dj] * (1 - fz)) + (voxels[at + dj + dk] * fz);
        var c10 = (voxels[at + di] * (1 - fz)) + (voxels[at + di + dk] * fz);
        var c11 = (voxels[at + di + dj] * (1 - fz)) + (voxels[at + di + dj + dk] * fz);
        return (float)((((c00 * (1 - fy)) + (c01 * fy)) * (1 - fx)) + (((c10 * (1 - fy)) + (c11 * fy)) * fx));
    }
}
