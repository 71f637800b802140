using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>
/// Gives the web server buffers of 32 KiB where its own have 4 KiB. Models and updates come and go as long streams: with
/// the small ones every TLS record is read in four pieces and written as four, and every piece is a call into the kernel.
/// </summary>
internal sealed class WideMemoryPool : MemoryPool<byte>
{
    /// <summary>Two TLS records.</summary>
    private const int BlockBytes = 32 << 10;

    /// <summary>Blocks that are kept for the next user at most: 16 MiB.</summary>
    private const int MostIdle = 512;

    private readonly ConcurrentQueue<Block> _idle = new();
    private int _count;

    public override int MaxBufferSize => BlockBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (_idle.TryDequeue(out var block))
        {
            Interlocked.Decrement(ref _count);
            return block.Take();
        }

        return new Block(this);
    }

    protected override void Dispose(bool disposing)
    {
        // Whoever disposes it is one of several users; at the end of the process nothing is left to give back.
    }

    private void Return(Block block)
    {
        if (Interlocked.Increment(ref _count) <= MostIdle)
        {
            _idle.Enqueue(block);
        }
        else
        {
            Interlocked.Decrement(ref _count);
        }
    }

    /// <summary>One pool for all: the web server asks for a pool for each of its queues, of which there are as many as processors.</summary>
    internal sealed class Factory : IMemoryPoolFactory<byte>, IDisposable
    {
        private readonly WideMemoryPool _pool = new();

        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => _pool;

        public void Dispose() => _pool.Dispose();
    }

    private sealed class Block(WideMemoryPool pool) : IMemoryOwner<byte>
    {
        private readonly Memory<byte> _memory = Pinned();
        private int _isFree;

        public Memory<byte> Memory => Volatile.Read(ref _isFree) == 0 ? _memory : throw new ObjectDisposedException(nameof(Block));

        public Block Take()
        {
            Volatile.Write(ref _isFree, 0);
            return this;
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isFree, 1) == 0)
            {
                pool.Return(this);
            }
        }

        /// <summary>Pinned for its life: sockets pin what they are given at every call, which fragments the heap otherwise.</summary>
        private static Memory<byte> Pinned() =>
            MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true), 0, BlockBytes);
    }
}
