using System.Numerics;
using System.Runtime.CompilerServices;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>
/// z = r(Σ_k n_k) over the voxels of one sample: n_k = x_k · scale_k + shift_k is an instance-normalised input, r the
/// leaky rectifier. One or two inputs, [rows, columns] each.
/// </summary>
internal static unsafe class InstanceNormKernel
{
    private static int Lanes => Vector<float>.Count;

    /// <param name="x">First input, [rows, columns].</param>
    /// <param name="y">Second input or null.</param>
    /// <param name="affine">Scale and shift of x, then of y, [4 or 2 × columns].</param>
    /// <param name="z">[rows, columns], overwritten.</param>
    /// <param name="slope">Of the rectifier below zero.</param>
    public static void Forward(float* x, float* y, float* affine, float* z, long rows, int columns, float slope)
    {
        var fold = RowKernel.Fold(rows, columns);
        var wide = columns * fold;
        var (scaleX, shiftX) = (RowKernel.Tile(affine, columns, fold), RowKernel.Tile(affine + columns, columns, fold));
        var (scaleY, shiftY) = y is null ? (scaleX, shiftX) : (RowKernel.Tile(affine + (2 * columns), columns, fold), RowKernel.Tile(affine + (3 * columns), columns, fold));
        TensorMemory.For(TensorMemory.Pieces, [MethodImpl(MethodImplOptions.AggressiveOptimization)] (piece) =>
        {
            var (first, last) = TensorMemory.Piece(rows / fold, piece);
            fixed (float* a = scaleX, b = shiftX, c = scaleY, d = shiftY)
            {
                for (var row = first; row < last; row++)
                {
                    var at = row * wide;
                    Row(x + at, y is null ? null : y + at, a, b, c, d, z + at, wide, slope);
                }
            }
        });
    }

    /// <summary>
    /// With h the gradient before the rectifier, the gradient of an input is scale · (h − mean(h) − n · mean(h · n)).
    /// </summary>
    /// <param name="x">First input, [rows, columns].</param>
    /// <param name="y">Second input or null.</param>
    /// <param name="affine">As of the forward pass.</param>
    /// <param name="g">Gradient of z.</param>
    /// <param name="dx">Gradient of x, overwritten; first holds h.</param>
    /// <param name="dy">Gradient of y, overwritten, or null.</param>
    /// <param name="slope">Of the rectifier below zero.</param>
    public static void Backward(float* x, float* y, float* affine, float* g, float* dx, float* dy, long rows, int columns, float slope)
    {
        var fold = RowKernel.Fold(rows, columns);
        var wide = columns * fold;
        var (scaleX, shiftX) = (RowKernel.Tile(affine, columns, fold), RowKernel.Tile(affine + columns, columns, fold));
        var (scaleY, shiftY) = y is null ? (scaleX, shiftX) : (RowKernel.Tile(affine + (2 * columns), columns, fold), RowKernel.Tile(affine + (3 * columns), columns, fold));
        var sums = RowKernel.Sums(rows / fold, (y is null ? 2 : 3) * wide, [MethodImpl(MethodImplOptions.AggressiveOptimization)] (row, target) =>
        {
            fixed (float* a = scaleX, b = shiftX, c = scaleY, d = shiftY)
            {
                var at = row * wide;
                AddRow(x + at, y is null ? null : y + at, a, b, c, d, g + at, dx + at, target, wide, slope);
            }
        });
        var means = Means(sums, rows, columns, fold);
        TensorMemory.For(TensorMemory.Pieces, [MethodImpl(MethodImplOptions.AggressiveOptimization)] (piece) =>
        {
            var (first, last) = TensorMemory.Piece(rows / fold, piece);
            fixed (float* a = scaleX, b = shiftX, c = scaleY, d = shiftY, m = means)
            {
                for (var row = first; row < last; row++)
                {
                    var at = row * wide;
                    if (y is not null)
                    {
                        Subtract(y + at, c, d, m, m + (2 * wide), dx + at, dy + at, wide);
                    }

                    Subtract(x + at, a, b, m, m + wide, dx + at, dx + at, wide);
                }
            }
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(float* x, float* y, float* scaleX, float* shiftX, float* scaleY, float* shiftY, float* z, int count, float slope)
    {
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            var sum = Vector.MultiplyAddEstimate(Vector.Load(x + i), Vector.Load(scaleX + i), Vector.Load(shiftX + i));
            sum = y is null ? sum : sum + Vector.MultiplyAddEstimate(Vector.Load(y + i), Vector.Load(scaleY + i), Vector.Load(shiftY + i));
            Vector.Max(sum, sum * slope).Store(z + i);
        }

        for (; i < count; i++)
        {
            var sum = (x[i] * scaleX[i]) + shiftX[i] + (y is null ? 0 : (y[i] * scaleY[i]) + shiftY[i]);
            z[i] = Math.Max(sum, sum * slope);
        }
    }

    /// <summary>Writes h, and adds h, h · n_x and h · n_y to the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRow(float* x, float* y, float* scaleX, float* shiftX, float* scaleY, float* shiftY, float* g, float* h, float* sums, int count, float slope)
    {
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            var first = Vector.MultiplyAddEstimate(Vector.Load(x + i), Vector.Load(scaleX + i), Vector.Load(shiftX + i));
            var second = y is null ? default : Vector.MultiplyAddEstimate(Vector.Load(y + i), Vector.Load(scaleY + i), Vector.Load(shiftY + i));
            var upstream = Vector.Load(g + i);
            upstream = Vector.ConditionalSelect(Vector.GreaterThan(first + second, Vector<float>.Zero), upstream, upstream * slope);
            upstream.Store(h + i);
            (Vector.Load(sums + i) + upstream).Store(sums + i);
            Vector.MultiplyAddEstimate(upstream, first, Vector.Load(sums + count + i)).Store(sums + count + i);
            if (y is not null)
            {
                Vector.MultiplyAddEstimate(upstream, second, Vector.Load(sums + (2 * count) + i)).Store(sums + (2 * count) + i);
            }
        }

        for (; i < count; i++)
        {
            var first = (x[i] * scaleX[i]) + shiftX[i];
            var second = y is null ? 0 : (y[i] * scaleY[i]) + shiftY[i];
            h[i] = first + second > 0 ? g[i] : g[i] * slope;
            sums[i] += h[i];
            sums[count + i] += h[i] * first;
            if (y is not null)
            {
                sums[(2 * count) + i] += h[i] * second;
            }
        }
    }

    /// <summary>target = scale · (h − mean − n · slope), where target may be h.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Subtract(float* x, float* scale, float* shift, float* mean, float* slope, float* h, float* target, int count)
    {
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            var normal = Vector.MultiplyAddEstimate(Vector.Load(x + i), Vector.Load(scale + i), Vector.Load(shift + i));
            ((Vector.Load(h + i) - Vector.Load(mean + i) - (normal * Vector.Load(slope + i))) * Vector.Load(scale + i)).Store(target + i);
        }

        for (; i < count; i++)
        {
            target[i] = (h[i] - mean[i] - (((x[i] * scale[i]) + shift[i]) * slope[i])) * scale[i];
        }
    }

    /// <summary>Sums of folded rows to means of the columns, folded again.</summary>
    private static float[] Means(double[] sums, long rows, int columns, int fold)
    {
        var wide = columns * fold;
        var means = new float[sums.Length];
        for (var part = 0; part < sums.Length; part += wide)
        {
            for (var c = 0; c < columns; c++)
            {
                var total = 0.0;
                for (var k = c; k < wide; k += columns)
                {
                    total += sums[part + k];
                }

                for (var k = c; k < wide; k += columns)
                {
                    means[part + k] = (float)(total / rows);
                }
            }
        }

        return means;
    }
}
