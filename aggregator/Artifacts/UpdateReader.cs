using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Federation.Summation;
using BrainMVP.Federated.Federation.Updates;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// Reads the updates of a round and checks what it reads, so that a disk that alters bytes after they were verified is
/// noticed before they reach a model. What the system has in memory, as moments after an upload, is read where it lies;
/// the rest through one buffer of 256 KiB for all sites, which stays in the processor's cache. What is read in turns should
/// begin where the buffer does.
/// </summary>
internal sealed class UpdateReader : IUpdateSource
{
    private const int BlockBytes = ChunkJournal.BlockBytes;
    private const int ReadBytes = 16 * BlockBytes;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, SiteReader> _sites = new(StringComparer.Ordinal);
    private readonly AlignedBuffer<byte> _buffer = new(ReadBytes);
    private SiteReader? _site;
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
            var reader = _sites[site];
            while (destination.Length > 0)
            {
                var block = offset / BlockBytes;

                // Only what is asked for: whoever copies goes from site to site, and the buffer is another's at the next call.
                var blocks = Math.Min(((offset + destination.Length - 1) / BlockBytes) - block + 1, ReadBytes / BlockBytes);
                var bytes = Bytes(reader, block, block, (int)blocks);
                reader.Check(block, bytes);
                var part = bytes[(int)(offset - (block * BlockBytes))..];
                part = part[..Math.Min(part.Length, destination.Length)];
                part.CopyTo(destination);
                destination = destination[part.Length..];
                offset += part.Length;
            }
        }
    }

    public int Add(Span<int> sum, string site, long offset, bool isFirst)
    {
        var reader = _sites[site];
        var block = offset / BlockBytes;
        var bytes = Bytes(reader, block, block * BlockBytes / ReadBytes * ReadBytes / BlockBytes, ReadBytes / BlockBytes);
        var values = MemoryMarshal.Cast<byte, int>(bytes)[(int)((offset - (block * BlockBytes)) / sizeof(int))..];
        if (values.Length * sizeof(int) == bytes.Length && values.Length <= sum.Length)
        {
            // Checked while it is added: an error throws the whole sum away.
            reader.Require(block, BlockCheck.Add(sum[..values.Length], values, isFirst));
            return values.Length;
        }

        reader.Check(block, bytes);
        values = values[..Math.Min(values.Length, sum.Length)];
        if (isFirst)
        {
            values.CopyTo(sum);
        }
        else
        {
            IntegerBlocks.Add(sum[..values.Length], values);
        }

        return values.Length;
    }

    public void Dispose()
    {
        foreach (var site in _sites.Values)
        {
            site.Dispose();
        }
    }

    /// <summary>A block's bytes, unchecked, in memory or in the buffer; where they are in neither, the buffer is filled.</summary>
    /// <param name="reader">The site.</param>
    /// <param name="block">The block.</param>
    /// <param name="first">Block to fill the buffer from.</param>
    /// <param name="blocks">Blocks to fill it with.</param>
    private ReadOnlySpan<byte> Bytes(SiteReader reader, long block, long first, int blocks)
    {
        if (reader.Mapped(block) is { Length: > 0 } mapped)
        {
            return mapped;
        }

        var offset = block * BlockBytes;
        if (reader != _site || offset < _start || offset >= _start + _length)
        {
            (_site, _length) = (null, 0);
            _start = first * BlockBytes;
            _length = reader.Load(_start, _buffer.Span[..(blocks * BlockBytes)]);
            _site = reader;
        }

        var begin = (int)(offset - _start);
        return _buffer.Span.Slice(begin, Math.Min(BlockBytes, _length - begin));
    }

    private sealed class SiteReader : IDisposable
    {
        private readonly SafeFileHandle _file;
        private readonly ulong[] _checks;
        private readonly long _bytes;
        private readonly string _site;
        private readonly CachedWindows _windows;

        public SiteReader(string site, UpdateManifest manifest, string folder)
        {
            (_site, _bytes) = (site, manifest.Bytes);
            var chunks = ChunkJournal.Read(folder, manifest);
            _checks = new ulong[(_bytes + BlockBytes - 1) / BlockBytes];
            for (var i = 0; i < manifest.Chunks.Count; i++)
            {
                var checks = chunks.GetValueOrDefault(i) ?? throw ErrorCatalogue.ArtifactCorrupt.With($"Chunk {i} of {site} is gone.");
                checks.CopyTo(_checks, (long)i * Protocol.UpdateChunkBytes / BlockBytes);
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

            _windows = new CachedWindows(_file, _bytes);
        }

        public void Dispose()
        {
            _windows.Dispose();
            _file.Dispose();
        }

        /// <summary>A block where it lies in memory; empty when it must be read.</summary>
        public ReadOnlySpan<byte> Mapped(long block) => _windows.Find(block * BlockBytes, (int)Math.Min(BlockBytes, _bytes - (block * BlockBytes)));

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

        public void Check(long block, ReadOnlySpan<byte> bytes) => Require(block, BlockCheck.Of(bytes));

        /// <exception cref="FederationException">BMF-1402 when a block has another checksum than it was stored with.</exception>
        public void Require(long block, ulong check)
        {
            if (check != _checks[block])
            {
                throw ErrorCatalogue.ArtifactCorrupt.With($"Chunk {block * BlockBytes / Protocol.UpdateChunkBytes} of {_site} has changed on disk.");
            }
        }
    }
}
