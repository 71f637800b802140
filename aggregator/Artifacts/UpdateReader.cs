using System.IO.Hashing;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Federation.Updates;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// Reads the updates of a round and checks what it reads, so that a disk that alters bytes after they were verified is
/// noticed before they reach a model. Keeps one file and one block of 64 KiB for each site, so that reading on costs no
/// more than the bytes.
/// </summary>
internal sealed class UpdateReader : IUpdateSource
{
    private readonly Dictionary<string, SiteReader> _sites = new(StringComparer.Ordinal);

    /// <exception cref="FederationException">BMF-1402 when a file is missing, a chunk has no record or the length is another.</exception>
    public UpdateReader(IReadOnlyDictionary<string, UpdateManifest> manifests, Func<string, string> folderOf)
    {
        try
        {
            foreach (var (site, manifest) in manifests)
            {
                _sites.Add(site, new SiteReader(site, manifest, folderOf(site)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Read(string site, long offset, Span<byte> destination) => _sites[site].Read(offset, destination);

    public ReadOnlySpan<byte> Peek(string site, long offset, int most) => _sites[site].Peek(offset, most);

    public void Dispose()
    {
        foreach (var site in _sites.Values)
        {
            site.Dispose();
        }
    }

    private sealed class SiteReader : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly byte[] _block = new byte[ChunkJournal.BlockBytes];
        private readonly SafeFileHandle _file;
        private readonly ulong[] _checks;
        private readonly long _bytes;
        private readonly string _site;
        private long _start = -1;
        private int _length;

        public SiteReader(string site, UpdateManifest manifest, string folder)
        {
            (_site, _bytes) = (site, manifest.Bytes);
            var chunks = ChunkJournal.Read(folder, manifest);
            _checks = [.. Enumerable.Range(0, manifest.Chunks.Count).SelectMany(i => chunks.GetValueOrDefault(i) ?? throw ErrorCatalogue.ArtifactCorrupt.With($"Chunk {i} of {site} is gone."))];
            try
            {
                _file = File.OpenHandle(UploadStore.DataPath(folder), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            }
            catch (IOException e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                throw ErrorCatalogue.ArtifactCorrupt.With($"The update of {site} is gone.", e);
            }

            if (RandomAccess.GetLength(_file) != _bytes)
            {
                _file.Dispose();
                throw ErrorCatalogue.ArtifactCorrupt.With($"The update of {site} has another length than it was stored with.");
            }
        }

        public void Read(long offset, Span<byte> destination)
        {
            lock (_gate)
            {
                while (destination.Length > 0)
                {
                    var part = Peek(offset, destination.Length);
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

        public void Dispose() => _file.Dispose();

        private void Load(long offset)
        {
            // Nothing counts as loaded while a block is read: a block that fails its check must fail again.
            _length = 0;
            var block = offset / ChunkJournal.BlockBytes;
            _start = block * ChunkJournal.BlockBytes;
            var bytes = _block.AsSpan(0, (int)Math.Min(_block.Length, _bytes - _start));
            for (var done = 0; done < bytes.Length;)
            {
                var read = RandomAccess.Read(_file, bytes[done..], _start + done);
                done += read > 0 ? read : throw ErrorCatalogue.ArtifactCorrupt.With($"The update of {_site} has become shorter.");
            }

            _length = XxHash3.HashToUInt64(bytes) == _checks[block]
                ? bytes.Length
                : throw ErrorCatalogue.ArtifactCorrupt.With($"Chunk {offset / Protocol.UpdateChunkBytes} of {_site} has changed on disk.");
        }
    }
}
