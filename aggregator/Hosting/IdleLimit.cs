namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>Ends a stream whose other side has fallen silent, or that is told to end.</summary>
public sealed class IdleLimit : IDisposable
{
    /// <summary>Longest time in which nothing moves: one minute.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _silence;
    private readonly CancellationTokenSource _stop;

    /// <param name="time">Clock of the limit.</param>
    /// <param name="call">Ends when the call does.</param>
    public IdleLimit(TimeProvider time, CancellationToken call)
    {
        _silence = new CancellationTokenSource(Longest, time);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(call, _silence.Token);
    }

    /// <summary>For every wait of the stream.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>Something moved.</summary>
    public void Moved() => _silence.CancelAfter(Longest);

    /// <summary>Ends the stream.</summary>
    public Task EndAsync() => _stop.CancelAsync();

    public void Dispose()
    {
        _stop.Dispose();
        _silence.Dispose();
    }
}
