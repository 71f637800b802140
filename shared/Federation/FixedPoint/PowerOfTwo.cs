namespace BrainMVP.Federated.Federation.FixedPoint;

/// <summary>Exact powers of two: no <c>Math.Pow</c>, whose last bit may differ between systems.</summary>
public static class PowerOfTwo
{
    /// <summary>2^exponent for -1022..1023, built from its bits.</summary>
    public static double Exact(int exponent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exponent, -1022);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(exponent, 1023);
        return BitConverter.Int64BitsToDouble((long)(exponent + 1023) << 52);
    }

    /// <summary>Smallest e with value ≤ 2^e, or null for zero: <c>ceil(log2 value)</c> from the number's bits.</summary>
    /// <param name="value">Finite, 0 or more.</param>
    public static int? CeilingExponent(double value)
    {
        if (!double.IsFinite(value) || value < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(value));
        }

        if (value == 0)
        {
            return null;
        }

        var exponent = Math.ILogB(value);
        return value == Math.ScaleB(1, exponent) ? exponent : exponent + 1;
    }
}
