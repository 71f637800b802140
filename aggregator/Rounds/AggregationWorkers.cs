using System.Threading.Channels;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>
/// Dedicated threads for sums and model building, so that grains never compute. Work waits in a bounded queue; a grain
/// that finds the queue full asks again at its next turn.
/// </summary>
public sealed class AggregationWorkers : IHostedService, IDisposable
{
    private const int QueueLength = 1024;

    private readonly Channel<Action> _queue = Channel.CreateBounded<Action>(QueueLength);
    private readonly CancellationTokenSource _stop = new();
    private Task[] _threads = [];

    /// <summary>Queues work; null when the queue is full.</summary>
    public Task<T>? TryEnqueue<T>(Func<CancellationToken, T> work)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.Writer.TryWrite(Run) ? completion.Task : null;

        void Run()
        {
            try
            {
                completion.SetResult(work(_stop.Token));
            }
            catch (OperationCanceledException)
            {
                completion.SetCanceled(_stop.Token);
            }
            catch (Exception e)
            {
                completion.SetException(e);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _threads = [.. Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount)).Select(_ => Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        await _stop.CancelAsync();
        await Task.WhenAll(_threads).WaitAsync(cancellationToken);
    }

    public void Dispose() => _stop.Dispose();

    private void Work()
    {
        try
        {
            // A dedicated thread: blocking here is the point.
            foreach (var work in _queue.Reader.ReadAllAsync(_stop.Token).ToBlockingEnumerable(_stop.Token))
            {
                work();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping: unfinished work is started again from persisted state after the restart.
        }
    }
}
