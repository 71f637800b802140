namespace BrainMVP.Federated.Aggregator.Sites;

/// <summary>
/// Wakes the open polls of this process when many sites have work at once: a round that opened, a roster, a commit. Polls at
/// other silos find it at their next look.
/// </summary>
public sealed class DueBell
{
    private TaskCompletionSource _next = New();

    /// <summary>Ends when the bell rings next.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Ring() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
