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
    /// <summary>Voxels by which rounding may move a position that lies on the border.</summary>
    internal const double Slack = 1e-6;

    /// <summary>Resamples by world coordinates onto the grid of another volume; zero outside the field of view.</summary>
    public static Volume To(Volume source, Volume grid) => To(source, grid.Shape, grid.Affine, Outside.Zero);

    /// <summary>Resamples by world coordinates onto a grid.</summary>
    public static Volume To(Volume source, VolumeShape shape, Affine affine, Outside outside)
    {
        var toSource = source.Affine.Inverse() * affine;
        if (SeparableResampling.GridAxes(toSource, shape) is { } axes)
        {
            return new Volume(shape, affine, SeparableResampling.Sample(source, toSource, shape, axes, outside));
        }

        var voxels = new float[shape.Count];
        for (var i = 0; i < shape.I; i++)
        {
            for (var j = 0; j < shape.J; j++)
            {
                var line = new Line(toSource, i, j);
                var row = voxels.AsSpan(((i * shape.J) + j) * shape.K, shape.K);
                var (start, end) = outside == Outside.Border ? (0, shape.K) : line.Inside(source.Shape, shape.K);
                for (var k = start; k < end; k++)
                {
                    var (x, y, z) = line.At(k);
                    row[k] = Trilinear(source, x, y, z);
                }
            }
        }

        return new Volume(shape, affine, voxels);
    }

    /// <summary>For each voxel of a grid: whether its centre lies inside the source's field of view.</summary>
    public static bool[] Coverage(Volume source, Volume grid)
    {
        var toSource = source.Affine.Inverse() * grid.Affine;
        var shape = grid.Shape;
        var covered = new bool[grid.Voxels.Length];
        for (var i = 0; i < shape.I; i++)
        {
            for (var j = 0; j < shape.J; j++)
            {
                var (start, end) = new Line(toSource, i, j).Inside(source.Shape, shape.K);
                covered.AsSpan((((i * shape.J) + j) * shape.K) + start, end - start).Fill(true);
            }
        }

        return covered;
    }

    private static bool IsInside(VolumeShape shape, double x, double y, double z) =>
        x >= -Slack && x <= shape.I - 1 + Slack && y >= -Slack && y <= shape.J - 1 + Slack && z >= -Slack && z <= shape.K - 1 + Slack;

    /// <summary>Source positions of the grid's voxels (i, j, ·), summed in the order in which an affine is applied.</summary>
    private readonly struct Line(Affine toSource, int i, int j)
    {
        private readonly double _x = (toSource.M00 * i) + (toSource.M01 * j);
        private readonly double _y = (toSource.M10 * i) + (toSource.M11 * j);
        private readonly double _z = (toSource.M20 * i) + (toSource.M21 * j);

        public (double X, double Y, double Z) At(int k) =>
            (_x + (toSource.M02 * k) + toSource.M03, _y + (toSource.M12 * k) + toSource.M13, _z + (toSource.M22 * k) + toSource.M23);

        /// <summary>First and one past the last voxel inside the source: a box is convex, so there is no gap between.</summary>
        public (int Start, int End) Inside(VolumeShape source, int count)
        {
            var start = 0;
            while (start < count && !IsInside(start, source))
            {
                start++;
            }

            var end = count;
            while (end > start && !IsInside(end - 1, source))
            {
                end--;
            }

            return (start, end);
        }

        private bool IsInside(int k, VolumeShape source)
        {
            var (x, y, z) = At(k);
            return Resampling.IsInside(source, x, y, z);
        }
    }

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
