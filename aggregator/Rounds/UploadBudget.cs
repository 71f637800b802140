namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>
/// How much of all uploads together may be in flight: a stream counts with what its window may hold. A stream beyond the
/// budget waits, first come first served, for others to end; its sender is held back by its window meanwhile.
/// </summary>
public sealed partial class UploadBudget(ILogger<UploadBudget> logger)
{
    /// <summary>256 MiB.</summary>
    public const long Bytes = 256L << 20;

    private readonly Lock _gate = new();
    private readonly LinkedList<(long Bytes, TaskCompletionSource Turn)> _waiting = [];
    private long _free = Bytes;

    /// <summary>Takes a part of the budget; dispose it when the stream ends.</summary>
    public async Task<IDisposable> TakeAsync(string site, long bytes, CancellationToken cancellation)
    {
        var part = Math.Clamp(bytes, 1, Bytes);
        LinkedListNode<(long Bytes, TaskCompletionSource Turn)>? place = null;
        lock (_gate)
        {
            if (_waiting.Count == 0 && part <= _free)
            {
                _free -= part;
            }
            else
            {
                place = _waiting.AddLast((part, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
                LogWaiting(logger, site, _waiting.Count);
            }
        }

        if (place is not null)
        {
            await WaitAsync(place, cancellation);
        }

        return new Share(this, part);
    }

    private async Task WaitAsync(LinkedListNode<(long Bytes, TaskCompletionSource Turn)> place, CancellationToken cancellation)
    {
        try
        {
            await place.Value.Turn.Task.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            bool had;
            lock (_gate)
            {
                had = place.List is null;
                if (!had)
                {
                    _waiting.Remove(place);
                }
            }

            // The turn came in the same moment: it goes to the next.
            Return(had ? place.Value.Bytes : 0);
            throw;
        }
    }

    private void Return(long bytes)
    {
        lock (_gate)
        {
            _free += bytes;
            while (_waiting.First is { } next && next.Value.Bytes <= _free)
            {
                _free -= next.Value.Bytes;
                _waiting.RemoveFirst();
                next.Value.Turn.SetResult();
            }
        }
    }

    [LoggerMessage(1, LogLevel.Information, "An upload stream of {Site} waits for memory; {Waiting} wait.")]
    private static partial void LogWaiting(ILogger logger, string site, int waiting);

    private sealed class Share(UploadBudget budget, long bytes) : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                budget.Return(bytes);
            }
        }
    }
}
