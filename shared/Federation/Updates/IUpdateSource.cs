namespace BrainMVP.Federated.Federation.Updates;

/// <summary>Where the encoded updates of a round lie. Safe to call from several threads.</summary>
public interface IUpdateSource : IDisposable
{
    /// <summary>Fills the buffer with a site's payload bytes from an offset.</summary>
    void Read(string site, long offset, Span<byte> destination);

    /// <summary>
    /// Adds as many of a site's integers to a sum as lie ready, modulo 2³², checking them where the source can. What was
    /// added before an error is worthless. Only for a source that one thread uses.
    /// </summary>
    /// <param name="sum">Receives them from its beginning on.</param>
    /// <param name="site">The site.</param>
    /// <param name="offset">First byte in its payload, a multiple of 4.</param>
    /// <param name="isFirst">True replaces what is in the sum.</param>
    /// <returns>Integers added, at least one.</returns>
    int Add(Span<int> sum, string site, long offset, bool isFirst);
}
