using BrainMVP.Federated.Contracts.Documents;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>
/// How much of all uploads together may be in memory: each open stream holds one chunk until it is durable. A stream
/// beyond the budget waits for one that ends; its sender is held back by its window meanwhile.
/// </summary>
public sealed partial class UploadBudget(ILogger<UploadBudget> logger) : IDisposable
{
    /// <summary>256 MiB.</summary>
    public const long Bytes = 256L << 20;

    private readonly SemaphoreSlim _free = new((int)(Bytes / Protocol.UpdateChunkBytes));
    private int _waiting;

    /// <summary>Takes a chunk's worth of the budget; dispose it when the stream ends.</summary>
    public async Task<IDisposable> TakeAsync(string site, CancellationToken cancellation)
    {
        if (!_free.Wait(TimeSpan.Zero, cancellation))
        {
            LogWaiting(logger, site, Interlocked.Increment(ref _waiting));
            try
            {
                await _free.WaitAsync(cancellation);
            }
            finally
            {
                Interlocked.Decrement(ref _waiting);
            }
        }

        return new Share(_free);
    }

    public void Dispose() => _free.Dispose();

    [LoggerMessage(1, LogLevel.Information, "An upload stream of {Site} waits for memory; {Waiting} wait.")]
    private static partial void LogWaiting(ILogger logger, string site, int waiting);

    private sealed class Share(SemaphoreSlim free) : IDisposable
    {
        public void Dispose() => free.Release();
    }
}
