using System.IO.Hashing;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Federation.Updates;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// Reads the updates of a round and checks what it reads, so that a disk that alters bytes after they were verified is
/// noticed before they reach a model. Keeps one file for each site and one buffer of 256 KiB for all of them, which stays
/// in the processor's cache; what is read in turns should begin where the buffer does.
/// </summary>
internal sealed class UpdateReader : IUpdateSource
{
    private const int ReadBytes = 16 * ChunkJournal.BlockBytes;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, SiteReader> _sites = new(StringComparer.Ordinal);
    private readonly byte[] _buffer = new byte[ReadBytes];
    private SiteReader? _site;
    private string _name = "";
    private long _start;
    private int _length;
    private long _checked = -1;

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
                // Only what is asked for: whoever copies goes from site to site, and the buffer is another's at the next call.
                var first = offset / ChunkJournal.BlockBytes * ChunkJournal.BlockBytes;
                var part = Ready(site, offset, destination.Length, first, (int)Math.Min(ReadBytes, offset + destination.Length - first + ChunkJournal.BlockBytes - 1) / ChunkJournal.BlockBytes * ChunkJournal.BlockBytes);
                part.CopyTo(destination);
                destination = destination[part.Length..];
                offset += part.Length;
            }
        }
    }

    public ReadOnlySpan<byte> Peek(string site, long offset, int most) =>
        Ready(site, offset, most, offset / ReadBytes * ReadBytes, ReadBytes);

    /// <summary>Checked bytes from an offset; where they are not in the buffer, it is filled from <paramref name="start"/>.</summary>
    private ReadOnlySpan<byte> Ready(string site, long offset, int most, long start, int bytes)
    {
        if (site != _name || offset < _start || offset >= _start + _length)
        {
            (_site, _name, _length, _checked) = (_sites[site], site, 0, -1);
            _start = start;
            _length = _site.Load(_start, _buffer.AsSpan(0, bytes));
        }

        var block = offset / ChunkJournal.BlockBytes;
        var begin = (int)((block * ChunkJournal.BlockBytes) - _start);
        var end = Math.Min(begin + ChunkJournal.BlockBytes, _length);
        if (block != _checked)
        {
            // Checked when it is used, not when it is read, and every time: a block that fails must fail again.
            _checked = -1;
            _site!.Check(block, _buffer.AsSpan(begin..end));
            _checked = block;
        }

        var from = (int)(offset - _start);
        return _buffer.AsSpan(from, Math.Min(most, end - from));
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
            _checks = new ulong[(_bytes + ChunkJournal.BlockBytes - 1) / ChunkJournal.BlockBytes];
            for (var i = 0; i < manifest.Chunks.Count; i++)
            {
                var checks = chunks.GetValueOrDefault(i) ?? throw ErrorCatalogue.ArtifactCorrupt.With($"Chunk {i} of {site} is gone.");
                checks.CopyTo(_checks, (long)i * Protocol.UpdateChunkBytes / ChunkJournal.BlockBytes);
            }

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

        /// <summary>Reads what begins at an offset.</summary>
        /// <returns>Bytes read: all but the last read are full.</returns>
        public int Load(long start, Span<byte> buffer)
        {
            var bytes = buffer[..(int)Math.Min(buffer.Length, _bytes - start)];
            for (var done = 0; done < bytes.Length;)
            {
                var read = RandomAccess.Read(_file, bytes[done..], start + done);
                done += read > 0 ? read : throw ErrorCatalogue.ArtifactCorrupt.With($"The update of {_site} has become shorter.");
            }

            return bytes.Length;
        }

        public void Check(long block, ReadOnlySpan<byte> bytes)
        {
            if (XxHash3.HashToUInt64(bytes) != _checks[block])
            {
                throw ErrorCatalogue.ArtifactCorrupt.With($"Chunk {block * ChunkJournal.BlockBytes / Protocol.UpdateChunkBytes} of {_site} has changed on disk.");
            }
        }
    }
}
