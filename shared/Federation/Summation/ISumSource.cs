namespace BrainMVP.Federated.Federation.Summation;

/// <summary>The round's sums, all shards one after the other, as one stream of 32-bit little-endian integers.</summary>
public interface ISumSource
{
    /// <summary>Fills the buffer from a byte offset in the whole.</summary>
    void Read(long offset, Span<byte> destination);
}
