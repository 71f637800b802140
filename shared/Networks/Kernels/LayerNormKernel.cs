using System.Numerics;
using System.Runtime.CompilerServices;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>Layer normalisation of rows: z = (x − mean) / √(variance + eps) · weight + bias over the columns of each row.</summary>
internal static unsafe class LayerNormKernel
{
    private static int Lanes => Vector<float>.Count;

    /// <param name="x">[rows, columns].</param>
    /// <param name="weight">[columns].</param>
    /// <param name="bias">[columns].</param>
    /// <param name="z">[rows, columns], overwritten.</param>
    public static void Forward(float* x, float* weight, float* bias, float* z, long rows, int columns, double eps) => TensorMemory.For(TensorMemory.Pieces, [MethodImpl(MethodImplOptions.AggressiveOptimization)] (piece) =>
    {
        var (first, last) = TensorMemory.Piece(rows, piece);
        for (var row = first; row < last; row++)
        {
            var from = x + (row * columns);
            var to = z + (row * columns);
            var (mean, scale) = Moments(from, columns, eps);
            var c = 0;
            for (; c + Lanes <= columns; c += Lanes)
            {
                var normal = (Vector.Load(from + c) - new Vector<float>(mean)) * scale;
                Vector.MultiplyAddEstimate(normal, Vector.Load(weight + c), Vector.Load(bias + c)).Store(to + c);
            }

            for (; c < columns; c++)
            {
                to[c] = ((from[c] - mean) * scale * weight[c]) + bias[c];
            }
        }
    });

    /// <summary>Adds the gradient of x and sums the gradients of weight and bias.</summary>
    /// <param name="x">Input, [rows, columns].</param>
    /// <param name="weight">[columns].</param>
    /// <param name="g">Gradient of z.</param>
    /// <param name="target">Gradient of x is added here, [rows, columns].</param>
    /// <param name="weightGradient">[columns], added to.</param>
    /// <param name="biasGradient">[columns], added to.</param>
    public static void Backward(float* x, float* weight, float* g, float* target, float* weightGradient, float* biasGradient, long rows, int columns, double eps)
    {
        var sums = new float[TensorMemory.Pieces][];
        TensorMemory.For(TensorMemory.Pieces, [MethodImpl(MethodImplOptions.AggressiveOptimization)] (piece) =>
        {
            sums[piece] = new float[2 * columns];
            var (first, last) = TensorMemory.Piece(rows, piece);
            fixed (float* sum = sums[piece])
            {
                for (var row = first; row < last; row++)
                {
                    BackwardRow(x + (row * columns), weight, g + (row * columns), target + (row * columns), sum, columns, eps);
                }
            }
        });
        foreach (var sum in sums)
        {
            fixed (float* source = sum)
            {
                RowKernel.AddTo(weightGradient, source, columns);
                RowKernel.AddTo(biasGradient, source + columns, columns);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BackwardRow(float* x, float* weight, float* g, float* target, float* sums, int columns, double eps)
    {
        var (mean, scale) = Moments(x, columns, eps);
        Vector<float> plain = default, projected = default;
        var (plainTail, projectedTail) = (0f, 0f);
        var c = 0;
        for (; c + Lanes <= columns; c += Lanes)
        {
            var normal = (Vector.Load(x + c) - new Vector<float>(mean)) * scale;
            var upstream = Vector.Load(g + c);
            Vector.MultiplyAddEstimate(upstream, normal, Vector.Load(sums + c)).Store(sums + c);
            (Vector.Load(sums + columns + c) + upstream).Store(sums + columns + c);
            var weighted = upstream * Vector.Load(weight + c);
            plain += weighted;
            projected = Vector.MultiplyAddEstimate(weighted, normal, projected);
        }

        for (; c < columns; c++)
        {
            var normal = (x[c] - mean) * scale;
            sums[c] += g[c] * normal;
            sums[columns + c] += g[c];
            plainTail += g[c] * weight[c];
            projectedTail += g[c] * weight[c] * normal;
        }

        var (average, slope) = ((Vector.Sum(plain) + plainTail) / columns, (Vector.Sum(projected) + projectedTail) / columns);
        for (c = 0; c + Lanes <= columns; c += Lanes)
        {
            var normal = (Vector.Load(x + c) - new Vector<float>(mean)) * scale;
            var change = (Vector.Load(g + c) * Vector.Load(weight + c)) - new Vector<float>(average) - (normal * slope);
            Vector.MultiplyAddEstimate(change, new Vector<float>(scale), Vector.Load(target + c)).Store(target + c);
        }

        for (; c < columns; c++)
        {
            target[c] += ((g[c] * weight[c]) - average - ((x[c] - mean) * scale * slope)) * scale;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float Mean, float Scale) Moments(float* x, int columns, double eps)
    {
        Vector<float> sum = default;
        var tail = 0f;
        var c = 0;
        for (; c + Lanes <= columns; c += Lanes)
        {
            sum += Vector.Load(x + c);
        }

        for (; c < columns; c++)
        {
            tail += x[c];
        }

        var mean = (Vector.Sum(sum) + tail) / columns;
        Vector<float> square = default;
        tail = 0;
        for (c = 0; c + Lanes <= columns; c += Lanes)
        {
            var deviation = Vector.Load(x + c) - new Vector<float>(mean);
            square = Vector.MultiplyAddEstimate(deviation, deviation, square);
        }

        for (; c < columns; c++)
        {
            tail += (x[c] - mean) * (x[c] - mean);
        }

        return (mean, (float)(1 / Math.Sqrt(((Vector.Sum(square) + tail) / columns) + eps)));
    }
}
