using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Training.Batches;

/// <summary>Where a training step takes its micro-batches from.</summary>
internal interface IBatchFeed : IDisposable
{
    /// <summary>A micro-batch; out of order only after a step had to be started again.</summary>
    HostBatch Take(int step, int part);

    /// <summary>Gives a used micro-batch back.</summary>
    void Return(HostBatch batch);

    /// <summary>Forgets what was prepared, so that the same step can be taken again.</summary>
    void Restart();
}

/// <summary>The micro-batches of a round from any step on, prepared ahead.</summary>
/// <param name="plan">Steps and accumulation.</param>
/// <param name="sampler">Draws them.</param>
/// <param name="round">1-based.</param>
/// <param name="devices">Batches that train at once.</param>
/// <param name="pinned">Page-locked buffers for CUDA.</param>
internal sealed class BatchFeed(Plan plan, BatchSampler sampler, int round, int devices, bool pinned) : IBatchFeed
{
    private BatchQueue? _queue;
    private (int Step, int Part) _next;

    /// <inheritdoc/>
    public HostBatch Take(int step, int part)
    {
        if (_queue is null || _next != (step, part))
        {
            _queue?.Dispose();
            _queue = new BatchQueue(sampler, () => new HostBatch(sampler.Capacity, plan.Imaging.Crop, pinned), Math.Max(2, devices), devices, From(step, part));
        }

        _next = part + 1 < plan.Training.Accumulation ? (step, part + 1) : (step + 1, 0);
        return _queue.Take();
    }

    /// <inheritdoc/>
    public void Return(HostBatch batch) => _queue!.Return(batch);

    /// <inheritdoc/>
    public void Restart()
    {
        _queue?.Dispose();
        _queue = null;
    }

    public void Dispose() => _queue?.Dispose();

    private IEnumerable<(int Round, int Step, int Part)> From(int step, int part)
    {
        for (; step < plan.Rounds.LocalSteps; step++, part = 0)
        {
            for (; part < plan.Training.Accumulation; part++)
            {
                yield return (round, step, part);
            }
        }
    }
}
