using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace BrainMVP.Federated.Benchmarks.Federation;

/// <summary>A relay that makes a path long, or cuts it once after a number of bytes towards the server.</summary>
internal sealed class SlowPath : IAsyncDisposable
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Pieces on their way in one direction: 128 MiB, more than the windows allow.</summary>
    private const int MostPieces = 2048;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _target;
    private readonly TimeSpan _oneWay;
    private readonly Task _accepting;
    private long _cutAfter;
    private long _sent;

    /// <param name="target">Port of the server.</param>
    /// <param name="roundTrip">Added to every round trip.</param>
    /// <param name="cutAfter">Cuts the connections after so many bytes to the server, once; 0 never.</param>
    public SlowPath(int target, TimeSpan roundTrip, long cutAfter = 0)
    {
        (_target, _oneWay, _cutAfter) = (target, roundTrip / 2, cutAfter);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public string Address => $"https://127.0.0.1:{Port}";

    /// <summary>Whether the cut has happened.</summary>
    public bool WasCut { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptSocketAsync(_stop.Token);
            _ = RelayAsync(client);
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, end.Token);
            await Task.WhenAny(CopyAsync(client, server, true, end.Token), CopyAsync(server, client, false, end.Token));
            await end.CancelAsync();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // One of the sides has gone.
        }

        // Reset, not closed: a cut comes without a word.
        client.LingerState = new LingerOption(true, 0);
        client.Dispose();
        server.LingerState = new LingerOption(true, 0);
    }

    private Task CopyAsync(Socket from, Socket to, bool isUpward, CancellationToken cancellation)
    {
        var pieces = Channel.CreateBounded<(byte[] Bytes, long At)>(MostPieces);
        return Task.WhenAny(ReadAsync(), WriteAsync()).Unwrap();

        async Task ReadAsync()
        {
            while (true)
            {
                var buffer = new byte[BufferBytes];
                var read = await from.ReceiveAsync(buffer, cancellation);
                if (read == 0)
                {
                    return;
                }

                if (isUpward && Interlocked.Add(ref _sent, read) is var sent && Interlocked.Read(ref _cutAfter) is > 0 and var cut && sent >= cut)
                {
                    Interlocked.Exchange(ref _cutAfter, 0);
                    WasCut = true;
                    return;
                }

                await pieces.Writer.WriteAsync((buffer[..read], TimeProvider.System.GetTimestamp()), cancellation);
            }
        }

        async Task WriteAsync()
        {
            await foreach (var (bytes, at) in pieces.Reader.ReadAllAsync(cancellation))
            {
                var wait = _oneWay - TimeProvider.System.GetElapsedTime(at);
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, cancellation);
                }

                for (var done = 0; done < bytes.Length;)
                {
                    done += await to.SendAsync(bytes.AsMemory(done), cancellation);
                }
            }
        }
    }
}
