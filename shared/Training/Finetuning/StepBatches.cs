namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>The micro-batches of one step.</summary>
internal sealed class StepBatches : IDisposable
{
    private readonly List<FinetuneBatch> _items = [];

    private StepBatches()
    {
    }

    public IReadOnlyList<FinetuneBatch> Items => _items;

    /// <summary>The micro-batches of all steps from one on, in order.</summary>
    /// <param name="sampler">Draws them.</param>
    /// <param name="accumulation">Micro-batches of a step.</param>
    /// <param name="first">0-based step.</param>
    /// <param name="steps">Step behind the last.</param>
    public static IEnumerable<StepBatches> From(FinetuneSampler sampler, int accumulation, int first, int steps) =>
        Enumerable.Range(first, steps - first).Select(step => Draw(sampler, accumulation, step));

    public void Dispose() => _items.ForEach(b => b.Dispose());

    private static StepBatches Draw(FinetuneSampler sampler, int accumulation, int step)
    {
        var batches = new StepBatches();
        try
        {
            for (var part = 0; part < accumulation; part++)
            {
                batches._items.Add(sampler.Draw(step, part));
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
