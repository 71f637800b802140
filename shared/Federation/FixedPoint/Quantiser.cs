namespace BrainMVP.Federated.Federation.FixedPoint;

/// <summary>
/// Encodes one site's change of one tensor: <c>q = roundHalfEven(((double)wᵢ/W)·((double)local − (double)global)·2ᵏ)</c>
/// in IEEE double, in that order, so that every site and every machine gets the same integers from the same floats.
/// </summary>
public readonly struct Quantiser
{
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
    public void Encode(ReadOnlySpan<float> local, ReadOnlySpan<float> global, Span<int> encoded)
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
