using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Training.Hosting;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// Statistics of a site's own batch normalisations for weights that were averaged since: the mean over micro-batches of
/// the site's training cases. Those of the last local step describe weights that nobody has any more (Wu and Johnson,
/// "Rethinking 'Batch' in BatchNorm", 2021, section 3).
/// </summary>
internal static class OwnStatistics
{
    /// <summary>As many micro-batches as the running values of a layer with momentum 0.1 are made of, for the greater part.</summary>
    private const int Batches = 24;

    /// <summary>Replaces running means and variances; nothing else changes.</summary>
    /// <param name="task">Of the site.</param>
    /// <param name="network">On its device.</param>
    /// <param name="cases">The site's training cases.</param>
    /// <param name="templates">Stand in for missing modalities.</param>
    /// <param name="ct">Stops between two micro-batches.</param>
    public static void Refresh(FinetuneTask task, DownstreamNetwork network, IReadOnlyList<LabelledCase> cases, TemplateVolumes templates, CancellationToken ct)
    {
        if (network.State.BatchNorms.Count == 0)
        {
            return;
        }

        using var noGradient = no_grad();
        using var outer = NewDisposeScope();

        // As predictions see their cases: nothing is replaced there.
        var sampler = new FinetuneSampler(task with { Training = task.Training with { ReplacedModalities = 0 } }, cases, templates);
        var statistics = network.State.Statistics.Values;
        var sums = statistics.Select(s => zeros_like(s)).ToArray();
        network.Train();
        for (var step = 0; step < Batches; step++)
        {
            ct.ThrowIfCancellationRequested();
            using var gate = FinalizerGate.Enter();
            using var scope = NewDisposeScope();
            using var batch = sampler.Draw(step, 0);
            foreach (var running in statistics)
            {
                running.zero_();
            }

            network.Forward(batch.Volumes.to(network.Device));
            foreach (var (running, sum) in statistics.Zip(sums))
            {
                sum.add_(running);
            }
        }

        // From zero a layer's running values become momentum times those of the micro-batch.
        var momentum = network.State.BatchNorms[0].momentum ?? 0.1;
        foreach (var (running, sum) in statistics.Zip(sums))
        {
            running.copy_(sum.div_(Batches * momentum));
        }
    }
}
