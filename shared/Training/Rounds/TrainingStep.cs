using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Training.Batches;
using BrainMVP.Federated.Training.Devices;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Optimization;
using BrainMVP.Federated.Training.Schedules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Rounds;

/// <summary>
/// One optimiser step: gradients of templateWeight · error(view 1) + crossModalWeight · error(view 2) +
/// contrastiveWeight · InfoNCE(features of view 1, features of view 2), averaged over the step's micro-batches and dealt
/// out over the devices. When a device's memory does not suffice, the step starts again with each micro-batch in twice
/// as many pieces: accumulation instead of a crash.
/// </summary>
internal sealed class TrainingStep(Plan plan, IBatchFeed feed, ReplicaGroup group, RoundOptimizer optimizer)
{
    private readonly RunProgress _schedule = new(plan);

    /// <summary>Rows of the largest micro-batch under way.</summary>
    private int _rows = 1;

    /// <summary>Pieces that each micro-batch is cut into; doubled when memory runs out.</summary>
    public int Pieces { get; set; } = 1;

    /// <summary>Called with a sentence when the step had to change how it works.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    /// <summary>Tests throw here in place of a full device.</summary>
    internal Action<int> BeforePiece { get; init; } = _ => { };

    /// <param name="round">1-based.</param>
    /// <param name="step">0-based step of the round.</param>
    /// <param name="draws">Target draws by modality, counted up.</param>
    /// <exception cref="FederationException">
    /// BMF-1502 when a loss is not finite, BMF-1507 when one sample does not fit; nothing was updated then.
    /// </exception>
    public StepLosses Run(int round, int step, IDictionary<string, long> draws)
    {
        using var gate = FinalizerGate.Enter();
        var progress = _schedule.At(round, step);
        var (losses, drawn) = Differentiate(step, _schedule.Contrastive(progress));
        if (!losses.IsFinite)
        {
            throw ErrorCatalogue.TrainingDiverged.With($"The loss of step {step + 1} in round {round} is not finite.");
        }

        optimizer.Step(progress);
        group.Spread(Math.Min(group.Count, plan.Training.Accumulation));
        group.ClearGradients();
        foreach (var modality in drawn)
        {
            draws[modality] = (draws.TryGetValue(modality, out var count) ? count : 0) + 1;
        }

        return losses;
    }

    /// <summary>Gradients of the whole step on the master; started again in smaller pieces as long as memory runs out.</summary>
    private (StepLosses Losses, IReadOnlyList<string> Drawn) Differentiate(int step, bool contrastive)
    {
        var statistics = group.CopyStatistics();
        try
        {
            while (true)
            {
                try
                {
                    return Attempt(step, contrastive);
                }
                catch (Exception e) when (OutOfMemory.Is(e))
                {
                    group.ClearGradients();
                    group.RestoreStatistics(statistics);
                    feed.Restart();
                    Divide(step, e);
                    MemoryLimit.Release();
                }
            }
        }
        finally
        {
            foreach (var copy in statistics)
            {
                copy.Dispose();
            }
        }
    }

    private (StepLosses Losses, IReadOnlyList<string> Drawn) Attempt(int step, bool contrastive)
    {
        var accumulation = plan.Training.Accumulation;
        var (sum, drawn) = (default(StepLosses), new List<string>());
        using var scope = NewDisposeScope();
        group.ClearGradients();
        for (var part = 0; part < accumulation; part += group.Count)
        {
            var batches = Enumerable.Range(part, Math.Min(group.Count, accumulation - part)).Select(p => feed.Take(step, p)).ToArray();
            _rows = batches.Max(b => b.Rows.Count);
            foreach (var losses in group.Run([.. batches.Select(b => (Func<Replica, StepLosses>)(replica => InPieces(replica, b, contrastive, accumulation)))]))
            {
                sum += losses;
            }

            foreach (var batch in batches)
            {
                drawn.AddRange(batch.Rows.Select(r => r.Modality));
                feed.Return(batch);
            }
        }

        group.CollectGradients();
        return (sum / accumulation, drawn);
    }

    private StepLosses InPieces(Replica replica, HostBatch batch, bool contrastive, int accumulation)
    {
        var rows = batch.Rows.Count;
        var size = (rows + Pieces - 1) / Pieces;
        var sum = default(StepLosses);
        for (var first = 0; first < rows; first += size)
        {
            var count = Math.Min(size, rows - first);
            var share = (double)count / rows;
            BeforePiece(count);
            sum += replica.Accumulate(batch, first, count, contrastive, share / accumulation * optimizer.LossScale) * share;
        }

        return sum;
    }

    private void Divide(int step, Exception e)
    {
        if (Pieces >= _rows)
        {
            throw ErrorCatalogue.TrainingOutOfMemory.With($"Step {step + 1} failed with one sample at a time on {group.Master.Device}: {e.Message.Split('\n')[0].Trim()}", e);
        }

        Pieces = Math.Min(_rows, Pieces * 2);
        Warn($"Memory ran out in step {step + 1}; micro-batches are trained in {Pieces} pieces from now on. Contrastive negatives and batch statistics are of a piece.");
    }
}
