using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>
/// A file whose bytes arrive in order. They are hashed and written while the next ones come, and synced while later ones
/// are written, so that neither the network nor the disk waits for the other and the last sync is short.
/// </summary>
internal sealed class ArrivingFile : IAsyncDisposable
{
    /// <summary>Parts of at most 64 KiB that may wait: 2 MiB.</summary>
    private const int MostWaiting = 32;

    /// <summary>Bytes that are written between two syncs at least: 32 MiB.</summary>
    private const long SyncEvery = 32 << 20;

    private readonly Channel<ReadOnlyMemory<byte>> _parts = Channel.CreateBounded<ReadOnlyMemory<byte>>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, SingleWriter = true });
    private readonly SafeFileHandle _file;
    private readonly IncrementalHash _digest;
    private readonly Task _writing;
    private long _end;

    /// <param name="file">Where the bytes go.</param>
    /// <param name="length">Bytes that are in the file already; new ones come after them.</param>
    /// <param name="digest">Hashes the new bytes.</param>
    public ArrivingFile(SafeFileHandle file, long length, IncrementalHash digest)
    {
        (_file, _end, _digest) = (file, length, digest);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Takes the next bytes; the memory must not change any more.</summary>
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

    /// <summary>Waits until all bytes are written and durable.</summary>
    /// <exception cref="IOException">Some could not be written.</exception>
    public async ValueTask DisposeAsync()
    {
        _parts.Writer.TryComplete();
        await _writing;
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
                _digest.AppendData(part.Span);
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
            await syncing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        RandomAccess.FlushToDisk(_file);
    }
}
