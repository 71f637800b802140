using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>Copies a three-dimensional array in another order of its axes, also against their direction, by blocks that stay in the cache.</summary>
internal static class StridedCopy
{
    private const int Block = 16;

    /// <param name="source">Where the target's voxel (i, j, k) lies at <c>first + i·stride.I + j·stride.J + k·stride.K</c>.</param>
    /// <param name="target">C order: the last axis runs fastest.</param>
    /// <param name="shape">Of the target.</param>
    public static void Copy(ReadOnlySpan<float> source, int first, (int I, int J, int K) stride, Span<float> target, VolumeShape shape)
    {
        if (stride.K is 1 or -1)
        {
            CopyRows(source, first, stride, target, shape);
        }
        else if (stride.J is 1 or -1)
        {
            for (var i = 0; i < shape.I; i++)
            {
                Turn(source, first + (i * stride.I), (stride.J, stride.K), target[(i * shape.J * shape.K)..], (shape.J, shape.K), shape.K);
            }
        }
        else
        {
            for (var j = 0; j < shape.J; j++)
            {
                Turn(source, first + (j * stride.J), (stride.I, stride.K), target[(j * shape.K)..], (shape.I, shape.K), shape.J * shape.K);
            }
        }
    }

    private static void CopyRows(ReadOnlySpan<float> source, int first, (int I, int J, int K) stride, Span<float> target, VolumeShape shape)
    {
        for (var i = 0; i < shape.I; i++)
        {
            for (var j = 0; j < shape.J; j++)
            {
                var at = first + (i * stride.I) + (j * stride.J);
                var row = target.Slice(((i * shape.J) + j) * shape.K, shape.K);
                source.Slice(stride.K > 0 ? at : at - shape.K + 1, shape.K).CopyTo(row);
                if (stride.K < 0)
                {
                    row.Reverse();
                }
            }
        }
    }

    /// <summary>
    /// One plane whose rows lie along another axis than the source's. Each piece of a source line is fetched once and
    /// whole, each piece of a target line is written once and whole.
    /// </summary>
    /// <param name="stride">Of the plane's slow axis, usually ±1, and of its fast axis.</param>
    /// <param name="size">Of the slow and the fast axis.</param>
    /// <param name="rowStride">From one target row to the next.</param>
    private static void Turn(ReadOnlySpan<float> source, int first, (int Slow, int Fast) stride, Span<float> target, (int Slow, int Fast) size, int rowStride)
    {
        Span<float> block = stackalloc float[Block * (Block + 1)];
        for (var a0 = 0; a0 < size.Slow; a0 += Block)
        {
            var rows = Math.Min(Block, size.Slow - a0);
            for (var k0 = 0; k0 < size.Fast; k0 += Block)
            {
                var columns = Math.Min(Block, size.Fast - k0);
                for (var k = 0; k < columns; k++)
                {
                    var at = first + (a0 * stride.Slow) + ((k0 + k) * stride.Fast);
                    for (var a = 0; a < rows; a++)
                    {
                        block[(a * (Block + 1)) + k] = source[at + (a * stride.Slow)];
                    }
                }

                for (var a = 0; a < rows; a++)
                {
                    block.Slice(a * (Block + 1), columns).CopyTo(target[(((a0 + a) * rowStride) + k0)..]);
                }
            }
        }
    }
}
