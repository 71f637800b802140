using System.Numerics;
using System.Runtime.CompilerServices;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>
/// GELU x · Φ(x) with the exact Φ, on rows to which a bias is added first. Φ comes from the rational approximation
/// 7.1.26 of Abramowitz and Stegun (absolute error below 8e-8), the same that libtorch's vector code uses; it shares its
/// exponential with the derivative Φ(x) + x · φ(x).
/// </summary>
internal static unsafe class GeluKernel
{
    private const float HalfRoot = 0.70710678f;
    private const float Density = 0.39894228f;

    private static int Lanes => Vector<float>.Count;

    /// <summary>y = GELU(h + bias); y may be h.</summary>
    /// <param name="h">[rows, columns].</param>
    /// <param name="bias">[columns].</param>
    /// <param name="y">[rows, columns].</param>
    public static void Forward(float* h, float* bias, float* y, long rows, int columns) => TensorMemory.For(TensorMemory.Pieces, [MethodImpl(MethodImplOptions.AggressiveOptimization)] (piece) =>
    {
        var (first, last) = TensorMemory.Piece(rows, piece);
        for (var row = first; row < last; row++)
        {
            var from = h + (row * columns);
            var to = y + (row * columns);
            var c = 0;
            for (; c + Lanes <= columns; c += Lanes)
            {
                var x = Vector.Load(from + c) + Vector.Load(bias + c);
                (x * Distribution(x, out _)).Store(to + c);
            }

            if (c < columns)
            {
                var x = Few(from + c, columns - c) + Few(bias + c, columns - c);
                Put(x * Distribution(x, out _), to + c, columns - c);
            }
        }
    });

    /// <summary>y = GELU(h + bias), g = g · GELU'(h + bias); y may be h.</summary>
    /// <param name="h">[rows, columns].</param>
    /// <param name="bias">[columns].</param>
    /// <param name="y">[rows, columns].</param>
    /// <param name="g">Gradient of y, becomes the gradient of h.</param>
    public static void Backward(float* h, float* bias, float* y, float* g, long rows, int columns) => TensorMemory.For(TensorMemory.Pieces, [MethodImpl(MethodImplOptions.AggressiveOptimization)] (piece) =>
    {
        var (first, last) = TensorMemory.Piece(rows, piece);
        for (var row = first; row < last; row++)
        {
            var from = h + (row * columns);
            var to = y + (row * columns);
            var gradient = g + (row * columns);
            var c = 0;
            for (; c + Lanes <= columns; c += Lanes)
            {
                var x = Vector.Load(from + c) + Vector.Load(bias + c);
                var distribution = Distribution(x, out var density);
                (x * distribution).Store(to + c);
                (Vector.Load(gradient + c) * Vector.MultiplyAddEstimate(x, density, distribution)).Store(gradient + c);
            }

            if (c < columns)
            {
                var x = Few(from + c, columns - c) + Few(bias + c, columns - c);
                var distribution = Distribution(x, out var density);
                Put(x * distribution, to + c, columns - c);
                Put(Few(gradient + c, columns - c) * Vector.MultiplyAddEstimate(x, density, distribution), gradient + c, columns - c);
            }
        }
    });

    /// <summary>Φ(x) and φ(x) of the standard normal distribution.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Distribution(Vector<float> x, out Vector<float> density)
    {
        var z = Vector.Abs(x) * HalfRoot;
        var e = Exponential(-z * z);
        var t = Vector<float>.One / Vector.MultiplyAddEstimate(z, new Vector<float>(0.3275911f), Vector<float>.One);
        var p = Vector.MultiplyAddEstimate(new Vector<float>(1.061405429f), t, new Vector<float>(-1.453152027f));
        p = Vector.MultiplyAddEstimate(p, t, new Vector<float>(1.421413741f));
        p = Vector.MultiplyAddEstimate(p, t, new Vector<float>(-0.284496736f));
        p = Vector.MultiplyAddEstimate(p, t, new Vector<float>(0.254829592f));
        var tail = p * t * e * 0.5f;
        density = e * Density;
        return Vector.ConditionalSelect(Vector.LessThan(x, Vector<float>.Zero), tail, Vector<float>.One - tail);
    }

    /// <summary>
    /// eˣ for x ≤ 0: 2ⁿ times a polynomial on half an octave to either side; relative error about 1e-7. Not below
    /// e⁻⁸⁰, because arithmetic on denormal numbers is slow.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Exponential(Vector<float> x)
    {
        x = Vector.Max(x, new Vector<float>(-80f));
        var n = Vector.Round(x * 1.44269504f);
        var r = Vector.MultiplyAddEstimate(n, new Vector<float>(-0.693359375f), x);
        r = Vector.MultiplyAddEstimate(n, new Vector<float>(2.12194440e-4f), r);
        var p = Vector.MultiplyAddEstimate(new Vector<float>(1f / 720), r, new Vector<float>(1f / 120));
        p = Vector.MultiplyAddEstimate(p, r, new Vector<float>(1f / 24));
        p = Vector.MultiplyAddEstimate(p, r, new Vector<float>(1f / 6));
        p = Vector.MultiplyAddEstimate(p, r, new Vector<float>(0.5f));
        p = Vector.MultiplyAddEstimate(p, r, Vector<float>.One);
        p = Vector.MultiplyAddEstimate(p, r, Vector<float>.One);
        return p * Vector.AsVectorSingle(Vector.ShiftLeft(Vector.ConvertToInt32(n) + new Vector<int>(127), 23));
    }

    private static Vector<float> Few(float* source, int count)
    {
        var lanes = stackalloc float[Vector<float>.Count];
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(lanes, Vector<float>.Count));
        return Vector.Load(lanes);
    }

    private static void Put(Vector<float> values, float* target, int count)
    {
        var lanes = stackalloc float[Vector<float>.Count];
        values.Store(lanes);
        new ReadOnlySpan<float>(lanes, count).CopyTo(new Span<float>(target, count));
    }
}
