using System.Buffers;
using System.Net.Sockets;

namespace BrainMVP.Federated.Trust.Transport;

/// <summary>
/// A connection that is read in large pieces. TLS asks for one record of 16 KiB after the other; a model is thousands of
/// them, and each would be a call into the kernel. An idle connection holds no buffer.
/// </summary>
internal sealed class ReadAheadStream(NetworkStream connection) : Stream
{
    /// <summary>Eight TLS records.</summary>
    private const int BufferBytes = 128 << 10;

    private byte[]? _buffer;
    private int _next;
    private int _end;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_end > _next)
        {
            return new ValueTask<int>(Take(buffer.Span));
        }

        // An empty read waits for data without a buffer; a large one needs none of ours.
        return buffer.Length is 0 or >= BufferBytes ? connection.ReadAsync(buffer, cancellationToken) : FillAsync(buffer, cancellationToken);
    }

    public override int Read(Span<byte> buffer)
    {
        if (_end == _next && (buffer.Length is 0 or >= BufferBytes))
        {
            return connection.Read(buffer);
        }

        if (_end == _next)
        {
            _buffer ??= ArrayPool<byte>.Shared.Rent(BufferBytes);
            (_next, _end) = (0, connection.Read(_buffer));
        }

        return Take(buffer);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => connection.WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(ReadOnlySpan<byte> buffer) => connection.Write(buffer);

    public override void Write(byte[] buffer, int offset, int count) => connection.Write(buffer, offset, count);

    public override void Flush() => connection.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        // A read may still be under way: its buffer is left to the garbage collector.
        if (disposing)
        {
            connection.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> FillAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(BufferBytes);
        (_next, _end) = (0, await connection.ReadAsync(_buffer.AsMemory(0, BufferBytes), cancellation));
        return Take(buffer.Span);
    }

    private int Take(Span<byte> destination)
    {
        var count = Math.Min(destination.Length, _end - _next);
        _buffer.AsSpan(_next, count).CopyTo(destination);
        _next += count;
        if (_next == _end && _buffer is { } read)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(read);
        }

        return count;
    }
}
