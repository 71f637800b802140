namespace BrainMVP.Federated.Federation.Updates;

/// <summary>Where the encoded updates of a round lie. Safe to call from several threads.</summary>
public interface IUpdateSource : IDisposable
{
    /// <summary>Fills the buffer with a site's payload bytes from an offset.</summary>
    void Read(string site, long offset, Span<byte> destination);
}
