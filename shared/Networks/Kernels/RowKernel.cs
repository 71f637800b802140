using System.Numerics;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>
/// Passes over matrices of rows (voxels or tokens) and columns (channels), both contiguous. Sums over rows are made of
/// fixed pieces, so they have the same bits with any number of threads.
/// </summary>
internal static unsafe class RowKernel
{
    /// <summary>Rows whose 32-bit sums are added before they go to a 64-bit sum.</summary>
    private const int Chunk = 256;

    private static int Lanes => Vector<float>.Count;

    /// <summary>Mean and mean squared deviation of every column.</summary>
    /// <param name="x">[rows, columns].</param>
    /// <param name="mean">[columns], overwritten.</param>
    /// <param name="variance">[columns], overwritten; divided by the number of rows.</param>
    public static void Statistics(float* x, long rows, int columns, float* mean, float* variance)
    {
        // Deviations from the first row instead of from zero: their squares do not cancel when the mean is large.
        var pieces = new double[TensorMemory.Pieces][];
        TensorMemory.For(TensorMemory.Pieces, piece =>
        {
            var sums = pieces[piece] = new double[2 * columns];
            var (first, last) = TensorMemory.Piece(rows, piece);
            var part = new float[2 * columns];
            fixed (float* target = part)
            {
                for (var row = first; row < last; row += Chunk)
                {
                    part.AsSpan().Clear();
                    for (var r = row; r < Math.Min(last, row + Chunk); r++)
                    {
                        AddDeviations(x + (r * columns), x, columns, target);
                    }

                    for (var c = 0; c < sums.Length; c++)
                    {
                        sums[c] += part[c];
                    }
                }
            }
        });
        for (var c = 0; c < columns; c++)
        {
            var (sum, square) = (0.0, 0.0);
            foreach (var piece in pieces)
            {
                sum += piece[c];
                square += piece[columns + c];
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
        var pieces = new double[TensorMemory.Pieces][];
        TensorMemory.For(TensorMemory.Pieces, piece =>
        {
            var total = pieces[piece] = new double[columns];
            var (first, last) = TensorMemory.Piece(rows, piece);
            var part = new float[columns];
            fixed (float* target = part)
            {
                for (var row = first; row < last; row += Chunk)
                {
                    part.AsSpan().Clear();
                    for (var r = row; r < Math.Min(last, row + Chunk); r++)
                    {
                        AddTo(target, x + (r * columns), columns);
                    }

                    for (var c = 0; c < columns; c++)
                    {
                        total[c] += part[c];
                    }
                }
            }
        });
        for (var c = 0; c < columns; c++)
        {
            var total = 0.0;
            foreach (var piece in pieces)
            {
                total += piece[c];
            }

            sums[c] = (float)total;
        }
    }

    /// <summary>target += source.</summary>
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
    public static void Shift(float* source, float* shift, float* target, long rows, int columns) => TensorMemory.For(TensorMemory.Pieces, piece =>
    {
        var (first, last) = TensorMemory.Piece(rows, piece);
        for (var row = first; row < last; row++)
        {
            var from = source + (row * columns);
            var to = target + (row * columns);
            var c = 0;
            for (; c + Lanes <= columns; c += Lanes)
            {
                (Vector.Load(from + c) + Vector.Load(shift + c)).Store(to + c);
            }

            for (; c < columns; c++)
            {
                to[c] = from[c] + shift[c];
            }
        }
    });

    /// <summary>target += x · scale + shift in every row.</summary>
    public static void AddScaled(float* target, float* x, float* scale, float* shift, long rows, int columns) => TensorMemory.For(TensorMemory.Pieces, piece =>
    {
        var (first, last) = TensorMemory.Piece(rows, piece);
        for (var row = first; row < last; row++)
        {
            var to = target + (row * columns);
            var from = x + (row * columns);
            var c = 0;
            for (; c + Lanes <= columns; c += Lanes)
            {
                (Vector.Load(to + c) + Vector.MultiplyAddEstimate(Vector.Load(from + c), Vector.Load(scale + c), Vector.Load(shift + c))).Store(to + c);
            }

            for (; c < columns; c++)
            {
                to[c] += (from[c] * scale[c]) + shift[c];
            }
        }
    });

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
}
