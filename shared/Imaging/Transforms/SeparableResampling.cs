using System.Numerics;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>
/// Trilinear sampling where each axis of the grid runs along one axis of the source: one axis after the other, so that
/// what neighbours share is computed once. Same order of operations in double as voxel by voxel, hence the same values.
/// </summary>
internal sealed class SeparableResampling
{
    /// <summary>Voxels by which the neglected parts of a transform may move any position together.</summary>
    private const double Negligible = 1e-9;

    private readonly Volume _source;
    private readonly AxisSamples _x;
    private readonly AxisSamples _y;
    private readonly AxisSamples _z;
    private readonly double[] _rows;
    private readonly bool[] _rowsNeeded;
    private readonly (int Plane, double[] Values)[] _planes;

    private SeparableResampling(Volume source, AxisSamples x, AxisSamples y, AxisSamples z)
    {
        (_source, _x, _y, _z) = (source, x, y, z);
        _rows = new double[(long)source.Shape.J * z.Count];
        _rowsNeeded = new bool[source.Shape.J];
        foreach (var row in y.Low.Concat(y.High))
        {
            _rowsNeeded[row] = true;
        }

        _planes = [(-1, new double[(long)y.Count * z.Count]), (-1, new double[(long)y.Count * z.Count])];
    }

    /// <summary>For each source axis the grid axis that runs along it; null when some grid axis runs obliquely.</summary>
    public static int[]? GridAxes(Affine toSource, VolumeShape grid)
    {
        Span<bool> taken = stackalloc bool[3];
        var axes = new int[3];
        for (var row = 0; row < 3; row++)
        {
            var axis = 0;
            for (var column = 1; column < 3; column++)
            {
                axis = Math.Abs(toSource[row, column]) > Math.Abs(toSource[row, axis]) ? column : axis;
            }

            var neglected = 0.0;
            for (var column = 0; column < 3; column++)
            {
                neglected += column == axis ? 0 : Math.Abs(toSource[row, column]) * (grid[column] - 1);
            }

            if (neglected > Negligible || taken[axis])
            {
                return null;
            }

            taken[axis] = true;
            axes[row] = axis;
        }

        return axes;
    }

    /// <summary>Samples along the source axes' order.</summary>
    public static AxisSamples[] Samples(Affine toSource, VolumeShape grid, VolumeShape source, int[] axes) =>
        [.. Enumerable.Range(0, 3).Select(row => AxisSamples.Of(grid[axes[row]], toSource[row, axes[row]], toSource[row, 3], source[row]))];

    /// <param name="axes">From <see cref="GridAxes"/>.</param>
    /// <returns>Voxels of the grid in C order.</returns>
    public static float[] Sample(Volume source, Affine toSource, VolumeShape grid, int[] axes, Outside outside)
    {
        var samples = Samples(toSource, grid, source.Shape, axes);
        var inSourceOrder = new float[grid.Count];
        new SeparableResampling(source, samples[0], samples[1], samples[2]).Run(inSourceOrder, outside);
        if (axes is [0, 1, 2])
        {
            return inSourceOrder;
        }

        ReadOnlySpan<int> strides = [samples[1].Count * samples[2].Count, samples[2].Count, 1];
        Span<int> stride = stackalloc int[3];
        for (var row = 0; row < 3; row++)
        {
            stride[axes[row]] = strides[row];
        }

        var voxels = GC.AllocateUninitializedArray<float>(inSourceOrder.Length);
        StridedCopy.Copy(inSourceOrder, 0, (stride[0], stride[1], stride[2]), voxels, grid);
        return voxels;
    }

    private void Run(float[] voxels, Outside outside)
    {
        var whole = outside == Outside.Border;
        var (i0, i1) = whole ? (0, _x.Count) : _x.Range();
        var (j0, j1) = whole ? (0, _y.Count) : _y.Range();
        var (k0, k1) = whole ? (0, _z.Count) : _z.Range();
        for (var i = i0; i < i1; i++)
        {
            var (a, b) = (Plane(_x.Low[i], _x.High[i]), Plane(_x.High[i], _x.Low[i]));
            for (var j = j0; j < j1; j++)
            {
                var (at, count) = ((j * _z.Count) + k0, k1 - k0);
                Blend(a.AsSpan(at, count), b.AsSpan(at, count), _x.Part[i], voxels.AsSpan((i * _y.Count * _z.Count) + at, count));
            }
        }
    }

    /// <summary>A source plane sampled along its two axes; the two used last are kept.</summary>
    private double[] Plane(int plane, int keep)
    {
        foreach (var (known, values) in _planes)
        {
            if (known == plane)
            {
                return values;
            }
        }

        var slot = _planes[0].Plane == keep ? 1 : 0;
        var result = _planes[slot].Values;
        _planes[slot].Plane = plane;
        var (shape, width) = (_source.Shape, _z.Count);
        for (var row = 0; row < shape.J; row++)
        {
            if (_rowsNeeded[row])
            {
                Row(_source.Voxels.AsSpan(((plane * shape.J) + row) * shape.K, shape.K), _rows.AsSpan(row * width, width));
            }
        }

        for (var j = 0; j < _y.Count; j++)
        {
            Blend(_rows.AsSpan(_y.Low[j] * width, width), _rows.AsSpan(_y.High[j] * width, width), _y.Part[j], result.AsSpan(j * width, width));
        }

        return result;
    }

    private void Row(ReadOnlySpan<float> source, Span<double> row)
    {
        ReadOnlySpan<int> low = _z.Low, high = _z.High;
        ReadOnlySpan<double> part = _z.Part;
        for (var k = 0; k < row.Length; k++)
        {
            row[k] = (source[low[k]] * (1 - part[k])) + (source[high[k]] * part[k]);
        }
    }

    private static void Blend(ReadOnlySpan<double> a, ReadOnlySpan<double> b, double part, Span<double> result)
    {
        var (first, second) = (new Vector<double>(1 - part), new Vector<double>(part));
        var n = 0;
        for (; n <= result.Length - Vector<double>.Count; n += Vector<double>.Count)
        {
            ((new Vector<double>(a[n..]) * first) + (new Vector<double>(b[n..]) * second)).CopyTo(result[n..]);
        }

        for (; n < result.Length; n++)
        {
            result[n] = (a[n] * (1 - part)) + (b[n] * part);
        }
    }

    private static void Blend(ReadOnlySpan<double> a, ReadOnlySpan<double> b, double part, Span<float> result)
    {
        var (first, second) = (new Vector<double>(1 - part), new Vector<double>(part));
        var (n, half) = (0, Vector<double>.Count);
        for (; n <= result.Length - Vector<float>.Count; n += Vector<float>.Count)
        {
            var low = (new Vector<double>(a[n..]) * first) + (new Vector<double>(b[n..]) * second);
            var high = (new Vector<double>(a[(n + half)..]) * first) + (new Vector<double>(b[(n + half)..]) * second);
            Vector.Narrow(low, high).CopyTo(result[n..]);
        }

        for (; n < result.Length; n++)
        {
            result[n] = (float)((a[n] * (1 - part)) + (b[n] * part));
        }
    }
}
