using System.Security.Cryptography;
using BrainMVP.Federated.Federation.Summation;
using BrainMVP.Federated.Trust.Transport;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// One chunk on its way to its place in the update's file: hashed as it comes, and written in pieces of 1 MiB, so that it
/// need not be held in memory. The system keeps a file in memory in pieces as large as its writes were, and what is read
/// from large ones later is read faster.
/// </summary>
public sealed class ChunkWriter : IDisposable
{
    private const int PieceBytes = 1024 * 1024;

    /// <summary>Messages that may wait for a piece to fill: many tiny ones would take more memory than their bytes.</summary>
    private const int MostWaiting = 64;

    private readonly SafeFileHandle _file;
    private readonly long _start;
    private readonly IncrementalHash _sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _block = new byte[ChunkJournal.BlockBytes];
    private readonly ulong[] _checks;
    private readonly List<ReadOnlyMemory<byte>> _waiting = [];
    private int _written;

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

    /// <summary>Takes the next bytes; they must fit into the chunk and stay as they are until it is flushed. Lent ones are given back.</summary>
    public void Append(ReadOnlyMemory<byte> bytes)
    {
        Digest(bytes.Span);
        if (Delivered is null)
        {
            _waiting.Add(bytes);
            if (Filled == Length || Filled / PieceBytes > _written / PieceBytes || _waiting.Count == MostWaiting)
            {
                Flush();
            }
        }
        else
        {
            DataBlock.Return(bytes);
        }
    }

    /// <summary>Writes what came and was not written yet.</summary>
    public void Flush()
    {
        if (_waiting.Count > 0)
        {
            RandomAccess.Write(_file, _waiting, _start + _written);
            _waiting.ForEach(DataBlock.Return);
            _waiting.Clear();
        }

        _written = Filled;
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
            _written = Filled;
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
            var (block, done) = (Filled / ChunkJournal.BlockBytes, Filled % ChunkJournal.BlockBytes);
            var length = Math.Min(ChunkJournal.BlockBytes, Length - (block * ChunkJournal.BlockBytes));
            var part = bytes[..Math.Min(bytes.Length, length - done)];
            Filled += part.Length;
            if (part.Length == length)
            {
                _checks[block] = BlockCheck.Of(part);
            }
            else
            {
                part.CopyTo(_block.AsSpan(done));
                if (done + part.Length == length)
                {
                    _checks[block] = BlockCheck.Of(_block.AsSpan(0, length));
                }
            }

            bytes = bytes[part.Length..];
        }
    }
}
