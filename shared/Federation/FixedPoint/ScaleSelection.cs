using System.Numerics;

namespace BrainMVP.Federated.Federation.FixedPoint;

/// <summary>One site's part in a tensor: its integer weight and the exponent of its change, null when that is zero.</summary>
public readonly record struct ScaledContribution(long Weight, int? Exponent);

/// <summary>
/// Chooses the scale 2^k of a tensor: the largest k ≤ 60 with Σ (wᵢ/W)·2^(eᵢ+k) + n ≤ 2^(b−1) − 1 for a ring of b bits, decided in exact
/// integers. Then no sum of the encoded integers can leave the ring, whoever of the n participants arrives, because
/// rounding adds at most one half to each.
/// </summary>
public static class ScaleSelection
{
    /// <summary>Largest k.</summary>
    public const int MaximumScale = 60;

    /// <summary>Smallest k: below it the exponents are outside what a 32-bit float can hold.</summary>
    public const int MinimumScale = -160;

    /// <param name="contributions">Of every participant.</param>
    /// <param name="bits">Bits of the ring, 2..32.</param>
    /// <returns>k, or null when every contribution is zero: the tensor is not sent.</returns>
    public static int? Choose(IReadOnlyList<ScaledContribution> contributions, int bits = 32)
    {
        var total = BigInteger.Zero;
        int? lowest = null;
        foreach (var c in contributions)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(c.Weight, 1);
            total += c.Weight;
            if (c.Exponent is { } e && (lowest is null || e < lowest))
            {
                lowest = e;
            }
        }

        if (lowest is not { } low)
        {
            return null;
        }

        // Σ wᵢ·2^(eᵢ+k) ≤ W·(2^(b−1) − 1 − n), with Σ wᵢ·2^(eᵢ−low) = mass: mass·2^(low+k) ≤ limit.
        var mass = BigInteger.Zero;
        foreach (var c in contributions)
        {
            if (c.Exponent is { } e)
            {
                mass += (BigInteger)c.Weight << (e - low);
            }
        }

        var limit = total * (RingPacking.Largest(bits) - (long)contributions.Count);
        for (var k = MaximumScale; k >= MinimumScale; k--)
        {
            var shift = low + k;
            var fits = shift >= 0 ? mass << shift <= limit : mass <= limit << -shift;
            if (fits)
            {
                return k;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(contributions), "No scale fits: the exponents are above any 32-bit float.");
    }
}
