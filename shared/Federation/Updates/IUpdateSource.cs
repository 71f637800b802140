namespace BrainMVP.Federated.Federation.Updates;

/// <summary>Where the encoded updates of a round lie. Safe to call from several threads.</summary>
public interface IUpdateSource : IDisposable
{
    /// <summary>Fills the buffer with a site's payload bytes from an offset.</summary>
    void Read(string site, long offset, Span<byte> destination);

    /// <summary>
    /// As many of a site's payload bytes from an offset as lie ready without being copied: at least one, at most
    /// <paramref name="most"/>. Valid until the next read of any site; only for a source that one thread uses.
    /// </summary>
    ReadOnlySpan<byte> Peek(string site, long offset, int most);
}
