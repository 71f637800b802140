using System.IO.Hashing;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Federation.Updates;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// Reads the updates of a round and checks what it reads, so that a disk that alters bytes after they were verified is
/// noticed before they reach a model. Keeps one file for each site and one block of 64 KiB for all of them, which stays
/// in the processor's cache; what is read in turns should begin where blocks do.
/// </summary>
internal sealed class UpdateReader : IUpdateSource
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SiteReader> _sites = new(StringComparer.Ordinal);
    private readonly byte[] _block = new byte[ChunkJournal.BlockBytes];
    private string _site = "";
    private long _start;
    private int _length;

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

    public void Read(string site, long offset, Span<byte> destination)
    {
        lock (_gate)
        {
            while (destination.Length > 0)
            {
                var part = Peek(site, offset, destination.Length);
                part.CopyTo(destination);
                destination = destination[part.Length..];
                offset += part.Length;
            }
        }
    }

    public ReadOnlySpan<byte> Peek(string site, long offset, int most)
    {
        if (site != _site || offset < _start || offset >= _start + _length)
        {
            // Nothing counts as loaded while a block is read: a block that fails its check must fail again.
            (_site, _length) = (site, 0);
            _start = offset / ChunkJournal.BlockBytes * ChunkJournal.BlockBytes;
            _length = _sites[site].Load(_start, _block);
        }

        return _block.AsSpan((int)(offset - _start), (int)Math.Min(most, _start + _length - offset));
    }

    public void Dispose()
    {
        foreach (var site in _sites.Values)
        {
            site.Dispose();
        }
    }

    private sealed class SiteReader : IDisposable
    {
        private readonly SafeFileHandle _file;
        private readonly ulong[] _checks;
        private readonly long _bytes;
        private readonly string _site;

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

        public void Dispose() => _file.Dispose();

        /// <summary>Reads and checks the block that begins at an offset.</summary>
        /// <returns>Its bytes.</returns>
        public int Load(long start, Span<byte> block)
        {
            var bytes = block[..(int)Math.Min(block.Length, _bytes - start)];
            for (var done = 0; done < bytes.Length;)
            {
                var read = RandomAccess.Read(_file, bytes[done..], start + done);
                done += read > 0 ? read : throw ErrorCatalogue.ArtifactCorrupt.With($"The update of {_site} has become shorter.");
            }

            return XxHash3.HashToUInt64(bytes) == _checks[start / ChunkJournal.BlockBytes]
                ? bytes.Length
                : throw ErrorCatalogue.ArtifactCorrupt.With($"Chunk {start / Protocol.UpdateChunkBytes} of {_site} has changed on disk.");
        }
    }
}
