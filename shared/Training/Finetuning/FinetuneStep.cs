using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Optimization;
using BrainMVP.Federated.Training.Schedules;
using TorchSharp;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// One optimiser step: gradients of the task's loss plus consistencyWeight times the squared difference of the features
/// of the two copies, averaged over the step's micro-batches. When memory does not suffice, the step starts again with
/// each micro-batch in twice as many pieces.
/// </summary>
internal sealed class FinetuneStep(FinetuneTask task, DownstreamNetwork network, AdamW optimizer, LossScaler? scaler)
{
    private readonly RunProgress _schedule = new(task.ToPlan());

    /// <summary>Pieces that each micro-batch is cut into; doubled when memory runs out.</summary>
    public int Pieces { get; set; } = 1;

    /// <summary>Called with a sentence when the step had to change how it works.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    /// <summary>Batch normalisations keep their statistics and use them.</summary>
    public bool FixedStatistics { get; init; }

    /// <summary>Called with the step's gradients, unscaled, before they are clipped.</summary>
    public Action CorrectGradients { get; init; } = () => { };

    /// <summary>Tests throw here in place of a full device.</summary>
    internal Action<int> BeforePiece { get; init; } = _ => { };

    /// <param name="step">0-based.</param>
    /// <param name="batches">The step's micro-batches.</param>
    /// <returns>Loss.</returns>
    /// <exception cref="FederationException">BMF-1502 when it is not finite, BMF-1507 when one case does not fit; nothing was updated then.</exception>
    public double Run(int step, IReadOnlyList<FinetuneBatch> batches)
    {
        using var gate = FinalizerGate.Enter();
        network.Train(FixedStatistics);
        var loss = Differentiate(step, batches);
        if (!double.IsFinite(loss))
        {
            throw ErrorCatalogue.TrainingDiverged.With($"The loss of step {step + 1} is not finite ({string.Join(", ", batches.SelectMany(b => b.Names))}).");
        }

        Update(step);
        optimizer.ClearGradients();
        return loss;
    }

    private void Update(int step)
    {
        var parameters = network.State.Parameters.Values;
        if (scaler is not null && !scaler.Unscale(parameters))
        {
            // Too large a scale: it was lowered, and this step is left out.
            return;
        }

        CorrectGradients();
        var training = task.Training;
        if (!double.IsFinite(GradientClipping.Clip(parameters, training.ClipNorm)))
        {
            throw ErrorCatalogue.TrainingDiverged.With($"The gradients of step {step + 1} are not finite.");
        }

        optimizer.Step(training.LearningRate * _schedule.LearningRateFactor(_schedule.At(1, step)), 0, training.WeightDecay);
    }

    private double Differentiate(int step, IReadOnlyList<FinetuneBatch> batches)
    {
        Tensor[] statistics;
        using (no_grad())
        {
            statistics = [.. network.State.Statistics.Values.Select(s => s.clone().DetachFromDisposeScope())];
        }

        try
        {
            while (true)
            {
                try
                {
                    optimizer.ClearGradients();
                    return batches.Sum(b => InPieces(b, batches.Count));
                }
                catch (Exception e) when (OutOfMemory.Is(e))
                {
                    optimizer.ClearGradients();
                    Restore(statistics);
                    Divide(step, batches[0].Rows, e);
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

    private void Restore(Tensor[] statistics)
    {
        using var noGradient = no_grad();
        foreach (var (current, saved) in network.State.Statistics.Values.Zip(statistics))
        {
            using var scope = NewDisposeScope();
            current.copy_(saved);
        }
    }

    private void Divide(int step, int rows, Exception e)
    {
        if (Pieces >= rows)
        {
            throw ErrorCatalogue.TrainingOutOfMemory.With($"Step {step + 1} failed with one case at a time on {network.Device}: {e.Message.Split('\n')[0].Trim()}", e);
        }

        Pieces = Math.Min(rows, Pieces * 2);
        Warn($"Memory ran out at step {step + 1}: micro-batches are trained in {Pieces} pieces from here on.");
    }

    private double InPieces(FinetuneBatch batch, int parts)
    {
        var size = (batch.Rows + Pieces - 1) / Pieces;
        var sum = 0.0;
        for (var first = 0; first < batch.Rows; first += size)
        {
            var count = Math.Min(size, batch.Rows - first);
            BeforePiece(count);
            var share = (double)count / batch.Rows / parts;
            sum += Accumulate(batch, first, count, share) * share;
        }

        return sum;
    }

    private double Accumulate(FinetuneBatch batch, int first, int count, double share)
    {
        try
        {
            using var scope = NewDisposeScope();
            var volumes = cat(Enumerable.Range(0, batch.Copies).Select(c => batch.Volumes.narrow(0, (c * batch.Rows) + first, count)).ToArray()).to(network.Device);
            IReadOnlyList<Tensor> scales;
            Tensor features;
            using (Autocast.Enter(network.Device.type, task.Training.Precision))
            {
                (scales, features) = network.Forward(volumes);
            }

            // Losses are sums over many voxels: always in 32 bits.
            var loss = TaskLoss(batch, first, count, [.. scales.Select(s => s.to(ScalarType.Float32))]);
            if (batch.Copies == 2 && task.Training.ConsistencyWeight > 0)
            {
                loss += SegmentationLosses.Consistency(features.to(ScalarType.Float32)) * task.Training.ConsistencyWeight;
            }

            BackwardPass.Run(loss * (share * (scaler?.Scale ?? 1)));
            return loss.item<float>();
        }
        catch
        {
            BackwardPass.Abandon();
            throw;
        }
    }

    private Tensor TaskLoss(FinetuneBatch batch, int first, int count, IReadOnlyList<Tensor> scales)
    {
        if (batch.Regions is null)
        {
            var classes = tensor(batch.Classes.AsSpan(first, count).ToArray(), ScalarType.Int64).to(network.Device);
            return nn.functional.cross_entropy(scales[^1], batch.Copies == 2 ? cat([classes, classes]) : classes);
        }

        var regions = batch.Regions.narrow(0, first, count).to(network.Device);
        return SegmentationLosses.DiceAndCrossEntropy(scales, batch.Copies == 2 ? cat([regions, regions]) : regions, task.Training.DiceWeight, task.Training.CrossEntropyWeight);
    }
}
