using System.Security.Cryptography;
using System.Threading.Channels;
using BrainMVP.Federated.Trust.Transport;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>
/// A file whose bytes arrive in order. They are written and hashed, each by itself, while the next ones come, and synced
/// while later ones are written, so that network, disk and processor do not wait for each other and the last sync is short.
/// </summary>
internal sealed class ArrivingFile : IAsyncDisposable
{
    /// <summary>Parts of at most 64 KiB that may wait to be written, and as many to be hashed: 2 MiB each.</summary>
    private const int MostWaiting = 32;

    /// <summary>Bytes that are written between two syncs at least: 32 MiB.</summary>
    private const long SyncEvery = 32 << 20;

    private readonly Channel<ReadOnlyMemory<byte>> _parts = Waiting();
    private readonly Channel<ReadOnlyMemory<byte>> _written = Waiting();
    private readonly SafeFileHandle _file;
    private readonly IncrementalHash _digest;
    private readonly Task _writing;
    private readonly Task _hashing;
    private long _end;

    /// <param name="file">Where the bytes go.</param>
    /// <param name="length">Bytes that are in the file already; new ones come after them.</param>
    /// <param name="digest">Hashes the new bytes.</param>
    public ArrivingFile(SafeFileHandle file, long length, IncrementalHash digest)
    {
        (_file, _end, _digest) = (file, length, digest);
        _writing = Task.Run(WriteAsync);
        _hashing = Task.Run(HashAsync);
    }

    /// <summary>Takes the next bytes; the memory must not change any more. Lent bytes are given back.</summary>
    /// <exception cref="IOException">An earlier part could not be written.</exception>
    public async ValueTask AddAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await _parts.Writer.WriteAsync(bytes, cancellation);
        }
        catch (ChannelClosedException)
        {
            await _writing;
            throw;
        }
    }

    /// <summary>Waits until all bytes are written, durable and hashed.</summary>
    /// <exception cref="IOException">Some could not be written.</exception>
    public async ValueTask DisposeAsync()
    {
        _parts.Writer.TryComplete();
        await Task.WhenAll(_writing, _hashing);
    }

    private static Channel<ReadOnlyMemory<byte>> Waiting() => Channel.CreateBounded<ReadOnlyMemory<byte>>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, SingleWriter = true });

    private async Task HashAsync()
    {
        try
        {
            await foreach (var part in _written.Reader.ReadAllAsync())
            {
                _digest.AppendData(part.Span);
                DataBlock.Return(part);
            }
        }
        catch (Exception e)
        {
            _written.Writer.TryComplete(e);
            throw;
        }
    }

    private async Task WriteAsync()
    {
        var syncing = Task.CompletedTask;
        var synced = _end;
        try
        {
            await foreach (var part in _parts.Reader.ReadAllAsync())
            {
                RandomAccess.Write(_file, part.Span, _end);
                await _written.Writer.WriteAsync(part);
                _end += part.Length;
                if (_end - synced >= SyncEvery && syncing.IsCompleted)
                {
                    await syncing;
                    synced = _end;
                    syncing = Task.Run(() => RandomAccess.FlushToDisk(_file));
                }
            }
        }
        catch (Exception e)
        {
            _parts.Writer.TryComplete(e);
            throw;
        }
        finally
        {
            _written.Writer.TryComplete();
            await syncing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        RandomAccess.FlushToDisk(_file);
    }
}
