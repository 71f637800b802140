using System.Numerics;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>Boxes around the foreground of a case: any channel above 0. All channels share one grid.</summary>
public static class ForegroundCrop
{
    /// <summary>Tight box with a margin, cut to the image (MONAI 1.4.0 <c>CropForeground</c>, allow_smaller true).</summary>
    /// <returns>Null when no voxel of any channel is above 0.</returns>
    public static VoxelBox? Box(IReadOnlyList<Volume> channels, int margin = 0)
    {
        var shape = channels[0].Shape;
        int i0 = int.MaxValue, j0 = int.MaxValue, k0 = int.MaxValue, i1 = -1, j1 = -1, k1 = -1;
        foreach (var channel in channels)
        {
            if (channel.Shape != shape)
            {
                throw new ArgumentException($"Channels of {shape} and {channel.Shape} do not share a grid.", nameof(channels));
            }

            var at = 0;
            for (var i = 0; i < shape.I; i++)
            {
                for (var j = 0; j < shape.J; j++, at += shape.K)
                {
                    var row = channel.Voxels.AsSpan(at, shape.K);
                    var first = First(row);
                    if (first < 0)
                    {
                        continue;
                    }

                    // What lies between known bounds cannot widen them.
                    var last = Math.Max(k1, first);
                    last += 1 + Last(row[(last + 1)..]);
                    (i0, j0, k0) = (Math.Min(i0, i), Math.Min(j0, j), Math.Min(k0, first));
                    (i1, j1, k1) = (Math.Max(i1, i), Math.Max(j1, j), Math.Max(k1, last));
                }
            }
        }

        return i1 < 0
            ? null
            : new VoxelBox(
                Math.Max(i0 - margin, 0), Math.Max(j0 - margin, 0), Math.Max(k0 - margin, 0),
                Math.Min(i1 + 1 + margin, shape.I), Math.Min(j1 + 1 + margin, shape.J), Math.Min(k1 + 1 + margin, shape.K));
    }

    /// <summary>
    /// BrainMVP's <c>CenterCropForeground</c>: the smallest box around the foreground that is symmetric about the array
    /// centre, so that the centre never moves and crops stay aligned with a template canvas.
    /// </summary>
    /// <returns>Null when no voxel of any channel is above 0.</returns>
    public static VoxelBox? CenterBox(IReadOnlyList<Volume> channels)
    {
        if (Box(channels) is not { } box)
        {
            return null;
        }

        var shape = channels[0].Shape;
        var (i0, i1) = Symmetric(box.I0, box.I1, shape.I);
        var (j0, j1) = Symmetric(box.J0, box.J1, shape.J);
        var (k0, k1) = Symmetric(box.K0, box.K1, shape.K);
        return new VoxelBox(i0, j0, k0, i1, j1, k1);
    }

    /// <summary>Index of the first value above 0; -1 without one.</summary>
    private static int First(ReadOnlySpan<float> row)
    {
        var n = 0;
        for (; n <= row.Length - Vector<float>.Count && !Vector.GreaterThanAny(new Vector<float>(row[n..]), Vector<float>.Zero); n += Vector<float>.Count)
        {
        }

        for (; n < row.Length; n++)
        {
            if (row[n] > 0)
            {
                return n;
            }
        }

        return -1;
    }

    /// <summary>Index of the last value above 0; -1 without one.</summary>
    private static int Last(ReadOnlySpan<float> row)
    {
        var n = row.Length;
        for (; n >= Vector<float>.Count && !Vector.GreaterThanAny(new Vector<float>(row[(n - Vector<float>.Count)..]), Vector<float>.Zero); n -= Vector<float>.Count)
        {
        }

        while (n > 0 && !(row[n - 1] > 0))
        {
            n--;
        }

        return n - 1;
    }

    private static (int Start, int End) Symmetric(int start, int end, int size)
    {
        var centre = size / 2.0;
        var reach = Math.Max(Math.Abs(start - centre), Math.Abs(end - centre));
        return ((int)(centre - reach), (int)(centre + reach));
    }
}
