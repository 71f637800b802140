using System.Numerics;
using System.Runtime.CompilerServices;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>
/// Passes over matrices of rows (voxels or tokens) and columns (channels), both contiguous. Sums over rows are made of
/// fixed pieces, so they have the same bits with any number of threads.
/// </summary>
internal static unsafe class RowKernel
{
    /// <summary>Rows whose 32-bit sums are added before they go to a 64-bit sum.</summary>
    private const int Chunk = 128;

    private static int Lanes => Vector<float>.Count;

    /// <summary>Mean and mean squared deviation of every column.</summary>
    /// <param name="x">[rows, columns].</param>
    /// <param name="mean">[columns], overwritten.</param>
    /// <param name="variance">[columns], overwritten; divided by the number of rows.</param>
    public static void Statistics(float* x, long rows, int columns, float* mean, float* variance)
    {
        // Deviations from the first row instead of from zero: their squares do not cancel when the mean is large.
        var fold = Fold(rows, columns);
        var wide = columns * fold;
        var origin = Tile(x, columns, fold);
        var sums = Sums(rows / fold, 2 * wide, [MethodImpl(MethodImplOptions.AggressiveOptimization)] (row, target) =>
        {
            fixed (float* start = origin)
            {
                AddDeviations(x + (row * wide), start, wide, target);
            }
        });
        for (var c = 0; c < columns; c++)
        {
            var (sum, square) = (0.0, 0.0);
            for (var k = c; k < wide; k += columns)
            {
                sum += sums[k];
                square += sums[wide + k];
            }

            sum /= rows;
            mean[c] = (float)(x[c] + sum);
            variance[c] = (float)Math.Max(0, (square / rows) - (sum * sum));
        }
    }

    /// <summary>Sums of the columns.</summary>
    /// <param name="x">[rows, columns].</param>
    /// <param name="sums">[columns], overwritten.</param>
    public static void Sum(float* x, long rows, int columns, float* sums)
    {
        var fold = Fold(rows, columns);
        var wide = columns * fold;
        var totals = Sums(rows / fold, wide, (row, target) => AddTo(target, x + (row * wide), wide));
        for (var c = 0; c < columns; c++)
        {
            var total = 0.0;
            for (var k = c; k < wide; k += columns)
            {
                total += totals[k];
            }

            sums[c] = (float)total;
        }
    }

    /// <summary>target += source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddTo(float* target, float* source, int count)
    {
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            (Vector.Load(target + i) + Vector.Load(source + i)).Store(target + i);
        }

        for (; i < count; i++)
        {
            target[i] += source[i];
        }
    }

    /// <summary>target = source + shift in every row.</summary>
    public static void Shift(float* source, float* shift, float* target, long rows, int columns)
    {
        var fold = Fold(rows, columns);
        var wide = columns * fold;
        var tiled = Tile(shift, columns, fold);
        TensorMemory.For(TensorMemory.Pieces, [MethodImpl(MethodImplOptions.AggressiveOptimization)] (piece) =>
        {
            var (first, last) = TensorMemory.Piece(rows / fold, piece);
            fixed (float* added = tiled)
            {
                for (var row = first; row < last; row++)
                {
                    var from = source + (row * wide);
                    var to = target + (row * wide);
                    var c = 0;
                    for (; c + Lanes <= wide; c += Lanes)
                    {
                        (Vector.Load(from + c) + Vector.Load(added + c)).Store(to + c);
                    }

                    for (; c < wide; c++)
                    {
                        to[c] = from[c] + added[c];
                    }
                }
            }
        });
    }

    /// <summary>target += x · scale + shift in every row.</summary>
    public static void AddScaled(float* target, float* x, float* scale, float* shift, long rows, int columns)
    {
        var fold = Fold(rows, columns);
        var wide = columns * fold;
        var (factors, shifts) = (Tile(scale, columns, fold), Tile(shift, columns, fold));
        TensorMemory.For(TensorMemory.Pieces, [MethodImpl(MethodImplOptions.AggressiveOptimization)] (piece) =>
        {
            var (first, last) = TensorMemory.Piece(rows / fold, piece);
            fixed (float* factor = factors, added = shifts)
            {
                for (var row = first; row < last; row++)
                {
                    var to = target + (row * wide);
                    var from = x + (row * wide);
                    var c = 0;
                    for (; c + Lanes <= wide; c += Lanes)
                    {
                        (Vector.Load(to + c) + Vector.MultiplyAddEstimate(Vector.Load(from + c), Vector.Load(factor + c), Vector.Load(added + c))).Store(to + c);
                    }

                    for (; c < wide; c++)
                    {
                        to[c] += (from[c] * factor[c]) + added[c];
                    }
                }
            }
        });
    }

    /// <summary>
    /// Narrow rows are taken several at a time as one wide row, so that vectors fill and loops are long: the largest
    /// power of two up to 16 that divides the rows and is needed for 64 columns.
    /// </summary>
    public static int Fold(long rows, int columns)
    {
        var fold = 1;
        while (fold < 16 && columns * fold < 64 && rows % (fold * 2) == 0)
        {
            fold *= 2;
        }

        return fold;
    }

    /// <summary>A row, repeated that often.</summary>
    public static float[] Tile(float* row, int columns, int fold)
    {
        var tiled = new float[columns * fold];
        for (var i = 0; i < tiled.Length; i++)
        {
            tiled[i] = row[i % columns];
        }

        return tiled;
    }

    /// <summary>Adds up what a body adds for each row: in 32 bits over a chunk of rows, in 64 bits over chunks, pieces in order.</summary>
    public static double[] Sums(long rows, int count, RowBody body)
    {
        var pieces = new double[TensorMemory.Pieces][];
        TensorMemory.For(TensorMemory.Pieces, piece =>
        {
            var sums = pieces[piece] = new double[count];
            var (first, last) = TensorMemory.Piece(rows, piece);
            var part = new float[count];
            fixed (float* target = part)
            {
                for (var row = first; row < last; row += Chunk)
                {
                    part.AsSpan().Clear();
                    for (var r = row; r < Math.Min(last, row + Chunk); r++)
                    {
                        body(r, target);
                    }

                    for (var c = 0; c < count; c++)
                    {
                        sums[c] += part[c];
                    }
                }
            }
        });
        var totals = new double[count];
        foreach (var piece in pieces)
        {
            for (var c = 0; c < count; c++)
            {
                totals[c] += piece[c];
            }
        }

        return totals;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddDeviations(float* row, float* origin, int columns, float* sums)
    {
        var c = 0;
        for (; c + Lanes <= columns; c += Lanes)
        {
            var deviation = Vector.Load(row + c) - Vector.Load(origin + c);
            (Vector.Load(sums + c) + deviation).Store(sums + c);
            Vector.MultiplyAddEstimate(deviation, deviation, Vector.Load(sums + columns + c)).Store(sums + columns + c);
        }

        for (; c < columns; c++)
        {
            var deviation = row[c] - origin[c];
            sums[c] += deviation;
            sums[columns + c] += deviation * deviation;
        }
    }

    /// <summary>Adds what one row gives to sums.</summary>
    public delegate void RowBody(long row, float* sums);
}
