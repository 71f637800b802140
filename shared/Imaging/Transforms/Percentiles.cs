namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>Order statistics over all values, in time linear in their number and without sorting.</summary>
public static class Percentiles
{
    /// <summary>
    /// Linear-interpolated percentile, rank q/100·(n−1), interpolation in double (numpy's default method).
    /// </summary>
    /// <param name="values">At least one value, no NaN.</param>
    /// <param name="percent">0..100.</param>
    public static double Of(ReadOnlySpan<float> values, double percent)
    {
        ArgumentOutOfRangeException.ThrowIfZero(values.Length);
        var rank = percent / 100 * (values.Length - 1);
        var lower = (int)Math.Floor(rank);
        var t = rank - lower;
        double a = Select(values, lower);
        if (t == 0)
        {
            return a;
        }

        double b = Select(values, lower + 1);
        var difference = (double)(float)(b - a);
        return t >= 0.5 ? b - (difference * (1 - t)) : a + (difference * t);
    }

    /// <summary>The value at a rank, 0 for the smallest.</summary>
    public static float Select(ReadOnlySpan<float> values, int rank)
    {
        // Two passes of counting: first the upper 16 bits of an order-preserving key, then the lower 16 of the bucket.
        var counts = new int[1 << 16];
        foreach (var value in values)
        {
            counts[Key(value) >> 16]++;
        }

        var upper = Bucket(counts, ref rank);
        Array.Clear(counts);
        foreach (var value in values)
        {
            var key = Key(value);
            if (key >> 16 == upper)
            {
                counts[key & 0xFFFF]++;
            }
        }

        var found = (upper << 16) | Bucket(counts, ref rank);
        return BitConverter.UInt32BitsToSingle((found & 0x8000_0000) != 0 ? found ^ 0x8000_0000 : ~found);
    }

    private static uint Bucket(int[] counts, ref int rank)
    {
        for (var n = 0; n < counts.Length; n++)
        {
            if (rank < counts[n])
            {
                return (uint)n;
            }

            rank -= counts[n];
        }

        throw new ArgumentOutOfRangeException(nameof(rank));
    }

    private static uint Key(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }
}
