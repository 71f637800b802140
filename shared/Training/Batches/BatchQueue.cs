using System.Collections.Concurrent;

namespace BrainMVP.Federated.Training.Batches;

/// <summary>
/// Prepares the next micro-batches while the current one trains, in the order in which they are used. A fixed ring of
/// buffers goes round: a batch that is given back is filled again.
/// </summary>
internal sealed class BatchQueue : IDisposable
{
    private readonly BatchSampler _sampler;
    private readonly BlockingCollection<HostBatch> _free;
    private readonly List<HostBatch> _ring = [];
    private readonly Prefetch<HostBatch> _filled;

    /// <param name="sampler">Used by the queue's thread alone while it lives.</param>
    /// <param name="make">Makes one buffer.</param>
    /// <param name="ahead">Buffers beyond those in use.</param>
    /// <param name="inUse">Batches that the consumer holds at once.</param>
    /// <param name="places">(round, step, part) in order.</param>
    public BatchQueue(BatchSampler sampler, Func<HostBatch> make, int ahead, int inUse, IEnumerable<(int Round, int Step, int Part)> places)
    {
        _sampler = sampler;
        _free = new BlockingCollection<HostBatch>(ahead + inUse);
        for (var i = 0; i < ahead + inUse; i++)
        {
            _ring.Add(make());
            _free.Add(_ring[^1]);
        }

        // Buffers belong to the ring: nothing is to be done with one that nobody takes.
        _filled = new Prefetch<HostBatch>(token => Fill(places, token), ahead + inUse, _ => { });
    }

    /// <summary>The next micro-batch; give it back when it is used.</summary>
    public HostBatch Take() => _filled.Take();

    public void Return(HostBatch batch) => _free.Add(batch);

    public void Dispose()
    {
        _filled.Dispose();
        _ring.ForEach(b => b.Dispose());
        _free.Dispose();
    }

    private IEnumerable<HostBatch> Fill(IEnumerable<(int Round, int Step, int Part)> places, CancellationToken token)
    {
        foreach (var (round, step, part) in places)
        {
            var batch = _free.Take(token);
            _sampler.Fill(batch, round, step, part);
            yield return batch;
        }
    }
}
