using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>Draws the micro-batches of the next step on a thread of its own while the current one trains.</summary>
internal sealed class BatchesAhead : IDisposable
{
    private readonly BlockingCollection<StepBatches> _ready = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;

    /// <param name="sampler">Used by this thread alone while it lives.</param>
    /// <param name="accumulation">Micro-batches of a step.</param>
    /// <param name="first">0-based step that is taken first.</param>
    /// <param name="steps">Step behind the last.</param>
    public BatchesAhead(FinetuneSampler sampler, int accumulation, int first, int steps)
    {
        _thread = new Thread(() => Produce(sampler, accumulation, first, steps)) { IsBackground = true, Name = "batches" };
        _thread.Start();
    }

    /// <summary>The micro-batches of the next step; the caller disposes them.</summary>
    public StepBatches Take()
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
        // The reader stops at the next step; the command ends a trainer that makes no progress.
#pragma warning disable RS0030
        _thread.Join();
#pragma warning restore RS0030
        while (_ready.TryTake(out var left))
        {
            left.Dispose();
        }

        _ready.Dispose();
        _stop.Dispose();
    }

    private void Produce(FinetuneSampler sampler, int accumulation, int first, int steps)
    {
        try
        {
            for (var step = first; step < steps; step++)
            {
                Deliver(Draw(sampler, accumulation, step));
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Nobody takes any more.
        }
        catch (Exception e)
        {
            // Thrown again where the batches are missed.
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            _ready.CompleteAdding();
        }
    }

    private void Deliver(StepBatches batches)
    {
        try
        {
            _ready.Add(batches, _stop.Token);
        }
        catch
        {
            batches.Dispose();
            throw;
        }
    }

    private static StepBatches Draw(FinetuneSampler sampler, int accumulation, int step)
    {
        var batches = new StepBatches();
        try
        {
            for (var part = 0; part < accumulation; part++)
            {
                batches.Items.Add(sampler.Draw(step, part));
            }

            return batches;
        }
        catch
        {
            batches.Dispose();
            throw;
        }
    }
}

/// <summary>The micro-batches of one step.</summary>
internal sealed class StepBatches : IDisposable
{
    public List<FinetuneBatch> Items { get; } = [];

    public void Dispose() => Items.ForEach(b => b.Dispose());
}
