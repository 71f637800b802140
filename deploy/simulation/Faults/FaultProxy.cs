using System.Net;
using System.Net.Sockets;
using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Simulation.Faults;

/// <summary>
/// The connection between one site and the aggregator, as a relay that can be cut or made to stall. It sees TLS records
/// only. While it is cut, connections are reset and new ones refused; while it stalls, a share of what passes is held.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    /// <summary>How long a stalled transfer is held.</summary>
    public static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(200);

    private const int BufferBytes = 16 * 1024;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly CounterRandom _random;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private readonly Lock _gate = new();
    private readonly HashSet<CancellationTokenSource> _connections = [];
    private DateTimeOffset _until;
    private int _stallPercent;

    /// <param name="target">Port of the aggregator on this machine.</param>
    /// <param name="seed">Decides which transfers stall.</param>
    public FaultProxy(int target, ulong seed)
    {
        (_target, _random) = (target, new CounterRandom(seed, "fault proxy"));
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Where the site connects.</summary>
    public int Port { get; }

    /// <summary>Lets the connection suffer from now on.</summary>
    /// <param name="duration">How long.</param>
    /// <param name="stallPercent">Share of transfers that are held; 0 cuts the connection.</param>
    public void Strike(TimeSpan duration, int stallPercent)
    {
        CancellationTokenSource[] open;
        lock (_gate)
        {
            (_until, _stallPercent) = (TimeProvider.System.GetUtcNow() + duration, stallPercent);
            open = stallPercent == 0 ? [.. _connections] : [];
        }

        foreach (var connection in open)
        {
            connection.Cancel();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var relays = new List<Task>();
        while (!_stop.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                break;
            }

            relays.RemoveAll(r => r.IsCompleted);
            relays.Add(RelayAsync(client));
        }

        await Task.WhenAll(relays).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RelayAsync(Socket client)
    {
        using var from = client;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var isCut = false;
        lock (_gate)
        {
            isCut = TimeProvider.System.GetUtcNow() < _until && _stallPercent == 0;
            if (!isCut)
            {
                _connections.Add(end);
            }
        }

        if (isCut)
        {
            Reset(from);
            return;
        }

        try
        {
            using var to = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            from.NoDelay = true;
            await to.ConnectAsync(IPAddress.Loopback, _target, end.Token);
            await Task.WhenAny(CopyAsync(from, to, end.Token), CopyAsync(to, from, end.Token));
            await end.CancelAsync();
            Reset(to);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The aggregator is away, or the connection was cut.
        }
        finally
        {
            lock (_gate)
            {
                _connections.Remove(end);
            }

            Reset(from);
        }
    }

    private async Task CopyAsync(Socket from, Socket to, CancellationToken cancellation)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            while (await from.ReceiveAsync(buffer, cancellation) is > 0 and var length)
            {
                if (Stalls())
                {
                    await Task.Delay(Hold, cancellation);
                }

                for (var sent = 0; sent < length;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, length - sent), cancellation);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The other direction ends with this one.
        }
    }

    private bool Stalls()
    {
        lock (_gate)
        {
            return TimeProvider.System.GetUtcNow() < _until && _stallPercent > 0 && _random.NextInt32(100) < _stallPercent;
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }
    }
}
