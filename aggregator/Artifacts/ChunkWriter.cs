using System.IO.Hashing;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>One chunk on its way to its place in the update's file: hashed while it is written, so that it need not be held in memory.</summary>
public sealed class ChunkWriter : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly long _start;
    private readonly IncrementalHash _sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly XxHash3 _block = new();
    private readonly ulong[] _checks;

    /// <param name="file">The update's file.</param>
    /// <param name="chunk">Index of the chunk.</param>
    /// <param name="start">Where it begins in the file.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="delivered">Ends when the chunk is durable, where it came before: it is only compared then. Null for a new one.</param>
    public ChunkWriter(SafeFileHandle file, int chunk, long start, int length, Task? delivered = null)
    {
        (_file, Chunk, _start, Length, Delivered) = (file, chunk, start, length, delivered);
        _checks = new ulong[(length + ChunkJournal.BlockBytes - 1) / ChunkJournal.BlockBytes];
    }

    public int Chunk { get; }

    public int Length { get; }

    /// <summary>Ends when the bytes that came before are durable; null when none did.</summary>
    public Task? Delivered { get; }

    /// <summary>Bytes that are there.</summary>
    public int Filled { get; private set; }

    /// <summary>Takes the next bytes; they must fit into the chunk.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (Delivered is null)
        {
            RandomAccess.Write(_file, bytes, _start + Filled);
        }

        Digest(bytes);
    }

    /// <summary>Goes on after bytes that an earlier stream left in the file.</summary>
    public void Continue(int bytes)
    {
        var buffer = new byte[ChunkJournal.BlockBytes];
        while (Filled < bytes)
        {
            var read = RandomAccess.Read(_file, buffer.AsSpan(0, Math.Min(buffer.Length, bytes - Filled)), _start + Filled);
            if (read == 0)
            {
                return;
            }

            Digest(buffer.AsSpan(0, read));
        }
    }

    /// <summary>What the journal keeps of the whole chunk.</summary>
    public ChunkRecord Finish() => new(Chunk, Convert.ToHexStringLower(_sha.GetHashAndReset()), _checks);

    public void Dispose() => _sha.Dispose();

    private void Digest(ReadOnlySpan<byte> bytes)
    {
        _sha.AppendData(bytes);
        while (bytes.Length > 0)
        {
            var part = bytes[..Math.Min(bytes.Length, ChunkJournal.BlockBytes - (Filled % ChunkJournal.BlockBytes))];
            _block.Append(part);
            Filled += part.Length;
            if (Filled % ChunkJournal.BlockBytes == 0 || Filled == Length)
            {
                _checks[(Filled - 1) / ChunkJournal.BlockBytes] = _block.GetCurrentHashAsUInt64();
                _block.Reset();
            }

            bytes = bytes[part.Length..];
        }
    }
}
