using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace BrainMVP.Federated.Federation.Updates;

/// <summary>Measures of the change between two blocks of floats, in double precision.</summary>
internal static class Changes
{
    /// <summary>
    /// Partial sums: element i goes to lane i mod 8, and lanes are added in their order at the end, so that every machine
    /// gets the same bits with vectors of any length and without any.
    /// </summary>
    private const int Lanes = 8;

    /// <returns>The largest magnitude, not finite when any change is not, and the sum of squares.</returns>
    public static (double Largest, double Squares) Measure(ReadOnlySpan<float> local, ReadOnlySpan<float> global)
    {
        Span<double> sums = stackalloc double[Lanes];
        Span<double> most = stackalloc double[Lanes];
        sums.Clear();
        most.Clear();
        var i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref var l = ref MemoryMarshal.GetReference(local);
            ref var g = ref MemoryMarshal.GetReference(global[..local.Length]);
            var (sum0, sum1, most0, most1) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
            for (; i <= local.Length - Lanes; i += Lanes)
            {
                var (l0, l1) = Vector256.Widen(Vector256.LoadUnsafe(ref l, (nuint)i));
                var (g0, g1) = Vector256.Widen(Vector256.LoadUnsafe(ref g, (nuint)i));
                var (d0, d1) = (l0 - g0, l1 - g1);
                sum0 += d0 * d0;
                sum1 += d1 * d1;

                // Also a NaN stays in the maximum.
                most0 = Vector256.Max(most0, Vector256.Abs(d0));
                most1 = Vector256.Max(most1, Vector256.Abs(d1));
            }

            sum0.CopyTo(sums);
            sum1.CopyTo(sums[4..]);
            most0.CopyTo(most);
            most1.CopyTo(most[4..]);
        }

        for (; i < local.Length; i++)
        {
            var change = (double)local[i] - global[i];
            sums[i % Lanes] += change * change;
            most[i % Lanes] = Math.Max(most[i % Lanes], Math.Abs(change));
        }

        var (largest, squares) = (0.0, 0.0);
        for (var lane = 0; lane < Lanes; lane++)
        {
            squares += sums[lane];
            largest = Math.Max(largest, most[lane]);
        }

        return (largest, squares);
    }

    /// <summary>Index of the first change that is not finite; −1 when all are.</summary>
    public static int FirstNotFinite(ReadOnlySpan<float> local, ReadOnlySpan<float> global)
    {
        for (var i = 0; i < local.Length; i++)
        {
            if (!double.IsFinite((double)local[i] - global[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
