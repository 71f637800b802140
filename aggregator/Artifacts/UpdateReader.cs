using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// Reads the updates of a round, each from its chunks. Keeps one file and one block of 64 KiB for each site, so that
/// reading on costs no more than the bytes.
/// </summary>
internal sealed class UpdateReader(IReadOnlyDictionary<string, UpdateManifest> manifests, Func<string, int, string> pathOf) : IUpdateSource
{
    private readonly Dictionary<string, SiteReader> _sites = manifests.ToDictionary(m => m.Key, m => new SiteReader(m.Key, m.Value, pathOf), StringComparer.Ordinal);

    public void Read(string site, long offset, Span<byte> destination) => _sites[site].Read(offset, destination);

    public ReadOnlySpan<byte> Peek(string site, long offset, int most) => _sites[site].Peek(offset, most);

    public void Dispose()
    {
        foreach (var site in _sites.Values)
        {
            site.Dispose();
        }
    }

    private sealed class SiteReader(string site, UpdateManifest manifest, Func<string, int, string> pathOf) : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly byte[] _block = new byte[CheckedChunk.BlockBytes];
        private CheckedChunk? _chunk;
        private int _index = -1;
        private long _start = -1;
        private int _length;

        public void Read(long offset, Span<byte> destination)
        {
            lock (_gate)
            {
                while (destination.Length > 0)
                {
                    if (offset < _start || offset >= _start + _length)
                    {
                        Load(offset);
                    }

                    var part = _block.AsSpan((int)(offset - _start), (int)Math.Min(destination.Length, _start + _length - offset));
                    part.CopyTo(destination);
                    destination = destination[part.Length..];
                    offset += part.Length;
                }
            }
        }

        public ReadOnlySpan<byte> Peek(long offset, int most)
        {
            if (offset < _start || offset >= _start + _length)
            {
                Load(offset);
            }

            return _block.AsSpan((int)(offset - _start), (int)Math.Min(most, _start + _length - offset));
        }

        public void Dispose() => _chunk?.Dispose();

        private void Load(long offset)
        {
            var index = (int)(offset / Protocol.UpdateChunkBytes);
            if (index != _index)
            {
                _chunk?.Dispose();
                (_chunk, _index) = (null, -1);
                _chunk = new CheckedChunk(pathOf(site, index), UploadStore.LengthOf(manifest, index), $"Chunk {index} of {site}");
                _index = index;
            }

            // Nothing counts as loaded while a block is read: a block that fails its check must fail again.
            _length = 0;
            var block = (int)(offset % Protocol.UpdateChunkBytes) / CheckedChunk.BlockBytes;
            var length = _chunk!.Read(block, _block);
            _start = ((long)index * Protocol.UpdateChunkBytes) + ((long)block * CheckedChunk.BlockBytes);
            _length = length;
        }
    }
}
