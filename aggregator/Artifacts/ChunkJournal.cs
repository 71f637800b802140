using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>A chunk that is durable, with one <see cref="Federation.Summation.BlockCheck"/> for each of its blocks.</summary>
public readonly record struct ChunkRecord(int Chunk, string Hash, ulong[] Checks);

/// <summary>
/// Which chunks of an update are durable: records of one length, appended after the data they speak of was synced. Each
/// process writes a journal of its own beside the data, so that several that share a folder never write the same page.
/// A record that a crash tore does not count, and neither does one of another manifest.
/// </summary>
internal sealed class ChunkJournal : IDisposable
{
    /// <summary>Bytes under one checksum: what was checked is still in the nearest cache when it is used.</summary>
    public const int BlockBytes = 16 * 1024;

    /// <summary>Seed of a record's own checksum; another one when the meaning of its fields changes.</summary>
    private const long Form = 2;

    private const string Extension = ".chunks";
    private const int BlocksPerChunk = Protocol.UpdateChunkBytes / BlockBytes;
    private const int HashBytes = 8;
    private const int ChecksAt = sizeof(int) + HashBytes;
    private const int CheckAt = ChecksAt + (BlocksPerChunk * sizeof(ulong));
    private const int RecordBytes = CheckAt + sizeof(ulong);

    private readonly SafeFileHandle _file;
    private long _end;

    /// <param name="folder">Folder of the update.</param>
    /// <param name="writer">Name of the writing process; only one process uses it at a time.</param>
    public ChunkJournal(string folder, string writer)
    {
        _file = File.OpenHandle(Path.Combine(folder, writer + Extension), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);

        // Written over, not after: behind a record that was torn all others would lie askew.
        _end = RandomAccess.GetLength(_file) / RecordBytes * RecordBytes;
    }

    /// <summary>Durable chunks of an update by index, from the journals of all processes.</summary>
    public static Dictionary<int, ulong[]> Read(string folder, UpdateManifest manifest)
    {
        var found = new Dictionary<int, ulong[]>();
        if (!Directory.Exists(folder))
        {
            return found;
        }

        foreach (var path in Directory.EnumerateFiles(folder, "*" + Extension))
        {
            // Shared, because its writer has it open.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var record = new byte[RecordBytes];
            while (file.ReadAtLeast(record, RecordBytes, throwOnEndOfStream: false) == RecordBytes)
            {
                if (Parse(record, manifest) is { } known)
                {
                    found[known.Chunk] = known.Checks;
                }
            }
        }

        return found;
    }

    /// <summary>Appends records durably. The data they speak of must be durable already.</summary>
    public void Append(IReadOnlyCollection<ChunkRecord> records)
    {
        var bytes = new byte[records.Count * RecordBytes];
        var at = 0;
        foreach (var record in records)
        {
            Format(record, bytes.AsSpan(at, RecordBytes));
            at += RecordBytes;
        }

        RandomAccess.Write(_file, bytes, _end);
        RandomAccess.FlushToDisk(_file);
        _end += bytes.Length;
    }

    public void Dispose() => _file.Dispose();

    private static void Format(ChunkRecord record, Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes, record.Chunk);
        Convert.FromHexString(record.Hash.AsSpan(0, 2 * HashBytes), bytes[sizeof(int)..], out _, out _);
        MemoryMarshal.AsBytes(record.Checks.AsSpan()).CopyTo(bytes[ChecksAt..CheckAt]);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[CheckAt..], XxHash3.HashToUInt64(bytes[..CheckAt], Form));
    }

    private static ChunkRecord? Parse(ReadOnlySpan<byte> bytes, UpdateManifest manifest)
    {
        var chunk = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes[CheckAt..]) != XxHash3.HashToUInt64(bytes[..CheckAt], Form)
            || chunk < 0 || chunk >= manifest.Chunks.Count
            || !manifest.Chunks[chunk].StartsWith(Convert.ToHexStringLower(bytes.Slice(sizeof(int), HashBytes)), StringComparison.Ordinal))
        {
            return null;
        }

        var blocks = (UploadStore.LengthOf(manifest, chunk) + BlockBytes - 1) / BlockBytes;
        return new ChunkRecord(chunk, manifest.Chunks[chunk], MemoryMarshal.Cast<byte, ulong>(bytes[ChecksAt..])[..blocks].ToArray());
    }
}
