using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;

namespace BrainMVP.Federated.Trust.Transport;

/// <summary>
/// The bytes of one data message, lent and given back. A new array for each of the thousands of messages of a model keeps
/// the garbage collector busy, and every collection stops all transfers.
/// </summary>
public sealed unsafe class DataBlock : MemoryManager<byte>
{
    /// <summary>Blocks that wait to be lent again at most: 16 MiB.</summary>
    private const int MostIdle = 256;

    private static readonly ConcurrentQueue<DataBlock> Idle = new();

    // Never moved by the collector, so that pinning for a write costs nothing.
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(Protocol.MessageBytes, pinned: true);
    private int _lent;

    private DataBlock()
    {
    }

    /// <summary>Lends a block of <see cref="Protocol.MessageBytes"/> bytes with any content.</summary>
    public static DataBlock Rent()
    {
        var block = Idle.TryDequeue(out var idle) ? idle : new DataBlock();
        block._lent = 1;
        return block;
    }

    /// <summary>Gives back the block that the memory is part of; nobody may look at it any more. Other memory, and a block that was given back already, is left alone.</summary>
    public static void Return(ReadOnlyMemory<byte> memory)
    {
        if (MemoryMarshal.TryGetMemoryManager<byte, DataBlock>(memory, out var block) && Interlocked.Exchange(ref block._lent, 0) == 1 && Idle.Count < MostIdle)
        {
            Idle.Enqueue(block);
        }
    }

    public override Span<byte> GetSpan() => _bytes;

    public override MemoryHandle Pin(int elementIndex = 0) => new(Unsafe.AsPointer(ref _bytes[elementIndex]));

    public override void Unpin()
    {
        // Pinned for good.
    }

    protected override void Dispose(bool disposing)
    {
        // The array is the collector's.
    }
}
