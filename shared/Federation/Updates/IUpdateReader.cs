namespace BrainMVP.Federated.Federation.Updates;

/// <summary>A site's payload, read wherever it is needed. A reader serves one thread at a time.</summary>
public interface IUpdateReader : IDisposable
{
    /// <summary>Length of the payload on the wire.</summary>
    long Bytes { get; }

    /// <summary>Reads any stretch of the payload.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="destination">Filled completely.</param>
    void Read(long offset, Span<byte> destination);
}
