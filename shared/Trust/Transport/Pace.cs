namespace BrainMVP.Federated.Trust.Transport;

/// <summary>
/// Holds a direction of traffic to a rate, over all streams that share it. Bytes are scheduled one behind the other; a
/// pause earns at most a quarter of a second of traffic at once.
/// </summary>
/// <param name="time">Clock of the schedule.</param>
public sealed class Pace(TimeProvider time)
{
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private TimeSpan _next = -Burst;

    /// <summary>Bytes a second of a rate in megabits.</summary>
    public static double BytesPerSecond(int megabits) => megabits * 1e6 / 8;

    /// <summary>Waits until so many bytes may go.</summary>
    /// <param name="bytes">Bytes of one message.</param>
    /// <param name="bytesPerSecond">Rate; 0 or less does not limit.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task TakeAsync(int bytes, double bytesPerSecond, CancellationToken cancellation)
    {
        if (bytesPerSecond <= 0)
        {
            return;
        }

        TimeSpan wait;
        lock (_gate)
        {
            var now = time.GetElapsedTime(_start);
            var begin = _next > now - Burst ? _next : now - Burst;
            _next = begin + TimeSpan.FromSeconds(bytes / bytesPerSecond);
            wait = begin - now;
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellation);
        }
    }
}
