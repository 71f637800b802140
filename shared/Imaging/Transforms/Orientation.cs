using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>
/// Brings the axes nearest to R, A, S by flips and a permutation: a pure copy of voxels (MONAI 1.4.0
/// <c>Orientation</c>, nibabel <c>io_orientation</c>).
/// </summary>
public static class Orientation
{
    /// <summary>Reorients; returns the same instance when the axes already run R, A, S.</summary>
    public static Volume ToRas(Volume volume)
    {
        var (axes, flips) = Closest(volume.Affine);
        if (axes is [0, 1, 2] && !flips[0] && !flips[1] && !flips[2])
        {
            return volume;
        }

        // source[w] is the file axis that runs along world axis w.
        Span<int> source = stackalloc int[3];
        for (var axis = 0; axis < 3; axis++)
        {
            source[axes[axis]] = axis;
        }

        var old = volume.Shape;
        var shape = new VolumeShape(old[source[0]], old[source[1]], old[source[2]]);
        ReadOnlySpan<int> oldStride = [old.J * old.K, old.K, 1];
        Span<int> stride = stackalloc int[3];
        var first = 0;
        Span<double> toOld = stackalloc double[12];
        toOld.Clear();
        for (var world = 0; world < 3; world++)
        {
            var axis = source[world];
            stride[world] = flips[axis] ? -oldStride[axis] : oldStride[axis];
            first += flips[axis] ? oldStride[axis] * (old[axis] - 1) : 0;
            toOld[(axis * 4) + world] = flips[axis] ? -1 : 1;
            toOld[(axis * 4) + 3] = flips[axis] ? old[axis] - 1 : 0;
        }

        var voxels = GC.AllocateUninitializedArray<float>(volume.Voxels.Length);
        StridedCopy.Copy(volume.Voxels, first, (stride[0], stride[1], stride[2]), voxels, shape);
        return new Volume(shape, volume.Affine * Affine.FromRows(toOld), voxels);
    }

    /// <summary>For each file axis: the world axis it runs along, and whether it runs against it.</summary>
    internal static (int[] WorldAxis, bool[] Flipped) Closest(Affine affine)
    {
        var rotation = PolarFactor(affine);
        var (axes, flips) = (new int[3], new bool[3]);
        Span<bool> taken = stackalloc bool[3];
        Span<double> strength = stackalloc double[3];
        Span<int> order = [0, 1, 2];
        for (var column = 0; column < 3; column++)
        {
            for (var row = 0; row < 3; row++)
            {
                strength[column] = Math.Max(strength[column], rotation[row, column] * rotation[row, column]);
            }
        }

        // Three elements, stable: the clearest column chooses first.
        for (var n = 1; n < 3; n++)
        {
            for (var m = n; m > 0 && strength[order[m]] > strength[order[m - 1]]; m--)
            {
                (order[m], order[m - 1]) = (order[m - 1], order[m]);
            }
        }

        foreach (var column in order)
        {
            var best = -1;
            for (var row = 0; row < 3; row++)
            {
                if (!taken[row] && (best < 0 || Math.Abs(rotation[row, column]) > Math.Abs(rotation[best, column])))
                {
                    best = row;
                }
            }

            taken[best] = true;
            axes[column] = best;
            flips[column] = rotation[best, column] < 0;
        }

        return (axes, flips);
    }

    /// <summary>Nearest orthogonal matrix to the unit columns (U·Vᵀ of the singular value decomposition), by Newton's iteration.</summary>
    private static Affine PolarFactor(Affine affine)
    {
        var (x, y, z) = affine.Spacing;
        var r = (affine * Affine.Scaling(1 / x, 1 / y, 1 / z)) with { M03 = 0, M13 = 0, M23 = 0 };
        for (var step = 0; step < 60; step++)
        {
            var n = r.Inverse();
            var next = new Affine(
                (r.M00 + n.M00) / 2, (r.M01 + n.M10) / 2, (r.M02 + n.M20) / 2, 0,
                (r.M10 + n.M01) / 2, (r.M11 + n.M11) / 2, (r.M12 + n.M21) / 2, 0,
                (r.M20 + n.M02) / 2, (r.M21 + n.M12) / 2, (r.M22 + n.M22) / 2, 0);
            var done = next.IsClose(r, 1e-15, 0);
            r = next;
            if (done)
            {
                break;
            }
        }

        return r;
    }
}
