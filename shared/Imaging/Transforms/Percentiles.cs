using System.Buffers;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>Order statistics over all values, in time linear in their number and without sorting.</summary>
public static class Percentiles
{
    private const int Buckets = 1 << 16;

    /// <summary>
    /// Linear-interpolated percentile, rank q/100·(n−1), interpolation in double (numpy's default method).
    /// </summary>
    /// <param name="values">At least one value, no NaN.</param>
    /// <param name="percent">0..100.</param>
    public static double Of(ReadOnlySpan<float> values, double percent)
    {
        Span<double> result = stackalloc double[1];
        Of(values, [percent], result);
        return result[0];
    }

    /// <summary>Two percentiles for the price of one.</summary>
    public static (double Lower, double Upper) Of(ReadOnlySpan<float> values, double lower, double upper)
    {
        Span<double> result = stackalloc double[2];
        Of(values, [lower, upper], result);
        return (result[0], result[1]);
    }

    /// <summary>The value at a rank, 0 for the smallest.</summary>
    public static float Select(ReadOnlySpan<float> values, int rank)
    {
        Span<float> result = stackalloc float[1];
        Select(values, [rank], result);
        return result[0];
    }

    private static void Of(ReadOnlySpan<float> values, ReadOnlySpan<double> percents, Span<double> result)
    {
        ArgumentOutOfRangeException.ThrowIfZero(values.Length);
        Span<int> ranks = stackalloc int[2 * percents.Length];
        Span<float> selected = stackalloc float[ranks.Length];
        for (var n = 0; n < percents.Length; n++)
        {
            var rank = percents[n] / 100 * (values.Length - 1);
            ranks[2 * n] = (int)Math.Floor(rank);
            ranks[(2 * n) + 1] = (int)Math.Ceiling(rank);
        }

        Select(values, ranks, selected);
        for (var n = 0; n < percents.Length; n++)
        {
            var t = (percents[n] / 100 * (values.Length - 1)) - ranks[2 * n];
            double a = selected[2 * n], b = selected[(2 * n) + 1];
            var difference = (double)(float)(b - a);
            result[n] = t == 0 ? a : t >= 0.5 ? b - (difference * (1 - t)) : a + (difference * t);
        }
    }

    /// <summary>
    /// Two passes of counting: the upper 16 bits of an order-preserving key, then the lower 16 bits of the buckets that
    /// hold a wanted rank.
    /// </summary>
    private static void Select(ReadOnlySpan<float> values, ReadOnlySpan<int> ranks, Span<float> result)
    {
        var counts = ArrayPool<int>.Shared.Rent(2 * Buckets);
        try
        {
            CountUpper(values, counts);
            Span<uint> buckets = stackalloc uint[ranks.Length];
            Span<int> left = stackalloc int[ranks.Length];
            for (var n = 0; n < ranks.Length; n++)
            {
                (buckets[n], left[n]) = Bucket(counts.AsSpan(0, Buckets), ranks[n]);
            }

            // Neighbouring ranks usually share their bucket, so two percentiles usually need two.
            for (var n = 0; n < ranks.Length;)
            {
                var first = buckets[n];
                var next = n + 1;
                while (next < ranks.Length && buckets[next] == first)
                {
                    next++;
                }

                var second = next < ranks.Length ? buckets[next] : first;
                CountLower(values, first, second, counts);
                for (; n < ranks.Length && (buckets[n] == first || buckets[n] == second); n++)
                {
                    var table = counts.AsSpan(buckets[n] == first ? 0 : Buckets, Buckets);
                    var key = (buckets[n] << 16) | Bucket(table, left[n]).Bucket;
                    result[n] = BitConverter.UInt32BitsToSingle((key & 0x8000_0000) != 0 ? key ^ 0x8000_0000 : ~key);
                }
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(counts);
        }
    }

    private static void CountUpper(ReadOnlySpan<float> values, int[] counts)
    {
        // Equal neighbours (air is zero) would wait for each other's increment of one counter: two tables take turns.
        var even = counts.AsSpan(0, Buckets);
        var odd = counts.AsSpan(Buckets, Buckets);
        even.Clear();
        odd.Clear();
        var n = 0;
        for (; n < values.Length - 1; n += 2)
        {
            even[(int)(Key(values[n]) >> 16)]++;
            odd[(int)(Key(values[n + 1]) >> 16)]++;
        }

        if (n < values.Length)
        {
            even[(int)(Key(values[n]) >> 16)]++;
        }

        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            even[bucket] += odd[bucket];
        }
    }

    private static void CountLower(ReadOnlySpan<float> values, uint first, uint second, int[] counts)
    {
        var ofFirst = counts.AsSpan(0, Buckets);
        var ofSecond = counts.AsSpan(Buckets, Buckets);
        ofFirst.Clear();
        ofSecond.Clear();
        foreach (var value in values)
        {
            var key = Key(value);
            if (key >> 16 == first)
            {
                ofFirst[(int)(key & 0xFFFF)]++;
            }
            else if (key >> 16 == second)
            {
                ofSecond[(int)(key & 0xFFFF)]++;
            }
        }
    }

    /// <summary>The bucket that holds a rank, and the rank inside it.</summary>
    private static (uint Bucket, int Rank) Bucket(ReadOnlySpan<int> counts, int rank)
    {
        for (var n = 0; n < counts.Length; n++)
        {
            if (rank < counts[n])
            {
                return ((uint)n, rank);
            }

            rank -= counts[n];
        }

        throw new ArgumentOutOfRangeException(nameof(rank));
    }

    private static uint Key(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return bits ^ ((uint)((int)bits >> 31) | 0x8000_0000);
    }
}
