using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace BrainMVP.Federated.Training.Batches;

/// <summary>
/// Makes things on a thread of its own, in the order in which they are used, as far ahead as its bound allows. What
/// fails there is thrown where the thing is missed.
/// </summary>
internal sealed class Prefetch<T> : IDisposable
{
    private readonly BlockingCollection<T> _ready;
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<T> _discard;
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;

    /// <param name="make">Makes them one after the other; enumerated on the thread. Its token ends waits.</param>
    /// <param name="ahead">Most that are ready and not taken.</param>
    /// <param name="discard">Called with what nobody takes any more.</param>
    public Prefetch(Func<CancellationToken, IEnumerable<T>> make, int ahead, Action<T> discard)
    {
        (_ready, _discard) = (new BlockingCollection<T>(ahead), discard);
        _thread = new Thread(() => Produce(make)) { IsBackground = true, Name = "batches" };
        _thread.Start();
    }

    /// <summary>The next one.</summary>
    /// <exception cref="InvalidOperationException">There are no more.</exception>
    public T Take()
    {
        try
        {
            return _ready.Take(_stop.Token);
        }
        catch (InvalidOperationException)
        {
            _failure?.Throw();
            throw;
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        // The thread stops at the next volume; whoever started the trainer ends one that makes no progress.
#pragma warning disable RS0030
        _thread.Join();
#pragma warning restore RS0030
        while (_ready.TryTake(out var left))
        {
            _discard(left);
        }

        _ready.Dispose();
        _stop.Dispose();
    }

    private void Produce(Func<CancellationToken, IEnumerable<T>> make)
    {
        try
        {
            foreach (var item in make(_stop.Token))
            {
                Deliver(item);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Nobody takes any more.
        }
        catch (Exception e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            _ready.CompleteAdding();
        }
    }

    private void Deliver(T item)
    {
        try
        {
            _ready.Add(item, _stop.Token);
        }
        catch
        {
            _discard(item);
            throw;
        }
    }
}
