namespace BrainMVP.Federated.SiteAgent.Transport;

/// <summary>
/// How much of a stream may be on its way: what its path holds, and little more. On a short path that is 1 MiB, so that a
/// cut loses next to nothing; on a long one it grows with the round trip up to the server's window. The round trip is the
/// shortest time between bytes that were sent and the word that they were received.
/// </summary>
/// <param name="time">Clock of the round trip.</param>
public sealed class SendWindow(TimeProvider time)
{
    /// <summary>1 MiB.</summary>
    public const int Least = 1 << 20;

    /// <summary>8 MiB, the window that the server gives to a stream.</summary>
    public const int Most = 8 << 20;

    /// <summary>Speed that the window allows on a long path: four streams of it fill a line of 2 Gbit/s.</summary>
    private const double BytesPerSecond = 80 << 20;

    private readonly Lock _gate = new();
    private readonly Queue<(long Sent, long At)> _marks = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan? _roundTrip;
    private long _sent;
    private long _received;

    /// <summary>Bytes that may be on their way.</summary>
    public int Size
    {
        get
        {
            lock (_gate)
            {
                return SizeNow();
            }
        }
    }

    /// <summary>Waits until the next bytes may be sent, and counts them.</summary>
    public async Task TakeAsync(int bytes, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_sent == _received || _sent - _received + bytes <= SizeNow())
                {
                    _sent += bytes;
                    _marks.Enqueue((_sent, time.GetTimestamp()));
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellation);
        }
    }

    /// <summary>The other side has received so many bytes of the stream.</summary>
    public void Received(long bytes)
    {
        lock (_gate)
        {
            if (bytes <= _received)
            {
                return;
            }

            _received = Math.Min(bytes, _sent);
            while (_marks.TryPeek(out var mark) && mark.Sent <= _received)
            {
                var trip = time.GetElapsedTime(mark.At);
                _roundTrip = _roundTrip is { } known && known < trip ? known : trip;
                _marks.Dequeue();
            }

            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private int SizeNow() => _roundTrip is { } trip ? (int)Math.Clamp(trip.TotalSeconds * BytesPerSecond, Least, Most) : Least;
}
