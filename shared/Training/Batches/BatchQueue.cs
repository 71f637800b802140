using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace BrainMVP.Federated.Training.Batches;

/// <summary>
/// Prepares the next micro-batches on a thread of its own while the current one trains, in the order in which they are
/// used. A fixed ring of buffers goes round: a batch that is given back is filled again.
/// </summary>
internal sealed class BatchQueue : IDisposable
{
    private readonly BatchSampler _sampler;
    private readonly BlockingCollection<HostBatch> _ready;
    private readonly BlockingCollection<HostBatch> _free;
    private readonly List<HostBatch> _ring = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;

    /// <param name="sampler">Used by the queue's thread alone while it lives.</param>
    /// <param name="make">Makes one buffer.</param>
    /// <param name="ahead">Buffers beyond those in use.</param>
    /// <param name="inUse">Batches that the consumer holds at once.</param>
    /// <param name="places">(round, step, part) in order.</param>
    public BatchQueue(BatchSampler sampler, Func<HostBatch> make, int ahead, int inUse, IEnumerable<(int Round, int Step, int Part)> places)
    {
        _sampler = sampler;
        _ready = new BlockingCollection<HostBatch>(ahead + inUse);
        _free = new BlockingCollection<HostBatch>(ahead + inUse);
        for (var i = 0; i < ahead + inUse; i++)
        {
            _ring.Add(make());
            _free.Add(_ring[^1]);
        }

        _thread = new Thread(() => Produce(places)) { IsBackground = true, Name = "batches" };
        _thread.Start();
    }

    /// <summary>The next micro-batch; give it back when it is used.</summary>
    public HostBatch Take()
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

    public void Return(HostBatch batch) => _free.Add(batch);

    public void Dispose()
    {
        _stop.Cancel();
        // The reader stops at the next volume; the agent ends a trainer that makes no progress.
#pragma warning disable RS0030
        _thread.Join();
#pragma warning restore RS0030
        _ring.ForEach(b => b.Dispose());
        _ready.Dispose();
        _free.Dispose();
        _stop.Dispose();
    }

    private void Produce(IEnumerable<(int Round, int Step, int Part)> places)
    {
        try
        {
            foreach (var (round, step, part) in places)
            {
                var batch = _free.Take(_stop.Token);
                _sampler.Fill(batch, round, step, part);
                _ready.Add(batch, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Nobody takes any more.
        }
        catch (Exception e)
        {
            // Thrown again where the batch is missed.
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            _ready.CompleteAdding();
        }
    }
}
