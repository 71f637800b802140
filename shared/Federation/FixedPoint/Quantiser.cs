using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace BrainMVP.Federated.Federation.FixedPoint;

/// <summary>
/// Encodes one site's change of one tensor: <c>q = roundHalfEven(((double)wᵢ/W)·((double)local − (double)global)·2ᵏ)</c>
/// in IEEE double, in that order, so that every site and every machine gets the same integers from the same floats.
/// </summary>
public readonly struct Quantiser
{
    private const int Lanes = 8;

    /// <summary>1.5 · 2⁵²: at this size a double's last place is 1, so adding it rounds half to even and leaves the integer in the lowest bits.</summary>
    private const double Shift = 6755399441055744;

    /// <summary>Below 2³¹ whatever rounding does.</summary>
    private const double Safe = 2147483647 - 1;

    private readonly double _share;
    private readonly double _scale;

    /// <param name="weight">wᵢ, at least 1.</param>
    /// <param name="totalWeight">W = Σ wᵢ over the roster.</param>
    /// <param name="scale">k.</param>
    public Quantiser(long weight, long totalWeight, int scale)
    {
        _share = (double)weight / totalWeight;
        _scale = PowerOfTwo.Exact(scale);
    }

    /// <summary>Encodes element by element.</summary>
    /// <param name="local">Values after local training.</param>
    /// <param name="global">Values the round started from.</param>
    /// <param name="encoded">Receives the integers.</param>
    /// <exception cref="OverflowException">A value does not fit into 32 bits, or is not a number.</exception>
    public void Encode(ReadOnlySpan<float> local, ReadOnlySpan<float> global, Span<int> encoded)
    {
        var i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref var l = ref MemoryMarshal.GetReference(local[..encoded.Length]);
            ref var g = ref MemoryMarshal.GetReference(global[..encoded.Length]);
            ref var e = ref MemoryMarshal.GetReference(encoded);
            for (; i <= encoded.Length - Lanes; i += Lanes)
            {
                var (l0, l1) = Vector256.Widen(Vector256.LoadUnsafe(ref l, (nuint)i));
                var (g0, g1) = Vector256.Widen(Vector256.LoadUnsafe(ref g, (nuint)i));
                var first = (l0 - g0) * _share * _scale;
                var second = (l1 - g1) * _share * _scale;
                if (Vector256.LessThanOrEqualAll(Vector256.Abs(first), Vector256.Create(Safe)) && Vector256.LessThanOrEqualAll(Vector256.Abs(second), Vector256.Create(Safe)))
                {
                    var low = (first + Vector256.Create(Shift)).AsInt64();
                    Vector256.Narrow(low, (second + Vector256.Create(Shift)).AsInt64()).StoreUnsafe(ref e, (nuint)i);
                }
                else
                {
                    EncodeEach(local.Slice(i, Lanes), global.Slice(i, Lanes), encoded.Slice(i, Lanes));
                }
            }
        }

        EncodeEach(local[i..], global[i..], encoded[i..]);
    }

    private void EncodeEach(ReadOnlySpan<float> local, ReadOnlySpan<float> global, Span<int> encoded)
    {
        for (var i = 0; i < encoded.Length; i++)
        {
            encoded[i] = checked((int)Math.Round(_share * ((double)local[i] - global[i]) * _scale, MidpointRounding.ToEven));
        }
    }

    /// <summary>
    /// Largest |q| that a change with the reported exponent can encode to: rounding and multiplication are monotone, so
    /// the bound is the encoding of 2^e itself. 0 for a change reported as zero.
    /// </summary>
    public int Bound(int? exponent) => exponent is { } e
        ? checked((int)Math.Round(_share * PowerOfTwo.Exact(e) * _scale, MidpointRounding.ToEven))
        : 0;
}
