using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.SiteAgent.Tests;

/// <summary>An update of zeros.</summary>
internal sealed class ZeroUpdate(long bytes) : IUpdateReader
{
    public long Bytes { get; } = bytes;

    public void Read(long offset, Span<byte> destination) => destination.Clear();

    public void Dispose()
    {
    }
}
