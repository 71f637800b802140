using System.Globalization;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Training.Batches;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Rounds;
using TorchSharp;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>
/// Steps with the data pipeline (cases read from the prepared files, crops, masks and fillers drawn ahead on their own
/// thread) against the same steps on micro-batches that lie ready in memory. Blocks of steps take turns on one model.
/// </summary>
internal static class PipelineBenchmark
{
    private const double Target = 0.03;

    /// <returns>False when the target is missed.</returns>
    public static bool Run(bool quick, int side, int threads)
    {
        Console.WriteLine("Data pipeline, steps/s");
        var table = new Table("size", "pipeline", "in memory", "overhead", "target");
        var passed = true;
        foreach (var size in Sizes(quick, threads).Where(s => side == 0 || s.Plan.Imaging.Crop[0] == side))
        {
            var (pipeline, memory, overhead) = Measure(size);
            passed &= overhead <= Target;
            table.Row(size.Name, Text(pipeline, "F3"), Text(memory, "F3"), Text(100 * overhead, "F1") + " %", "≤ 3 %");
        }

        return passed;
    }

    private static IEnumerable<(string Name, Plan Plan, int Block, int Repetitions)> Sizes(bool quick, int threads)
    {
        var demo = Presets.Create(Presets.Demo);
        var full = Presets.Create(Presets.V1);
        yield return ("demo width, 32³, batch 3", Sized(demo, 32, 3), 10, quick ? 15 : 41);
        if (!quick)
        {
            yield return ("demo width, 48³, batch 3", Sized(demo, 48, 3), 6, 15);
            yield return ("full width, 96³, batch 1", Sized(full, 96, 1), 1, 2);
        }

        Plan Sized(Plan plan, int crop, int batch) => plan with
        {
            Rounds = new RoundsPlan { Count = 1, LocalSteps = 100000 },
            Imaging = plan.Imaging with { Crop = [crop, crop, crop] },
            Training = plan.Training with { Accumulation = 1, BatchSize = batch, Threads = threads, CrossModalStart = 0 },
        };
    }

    /// <summary>
    /// Medians of steps per second, and the median over the pairs of neighbouring blocks of how much longer the one with
    /// the pipeline took: what else the machine does lasts longer than a pair and drops out. Except at 96³, where
    /// a step takes many seconds, blocks are longer than the batches that are drawn ahead.
    /// </summary>
    private static (double Pipeline, double Memory, double Overhead) Measure((string Name, Plan Plan, int Block, int Repetitions) size)
    {
        using var scratch = new Scratch(size.Plan, cases: 6);
        using var cases = PreparedCases.Open(scratch.Job.DataFolder, size.Plan);
        var data = new SiteData(size.Plan, scratch.Job.Site, cases.Cases);
        using var session = new RoundSession(scratch.Job, data, [torch.CPU]);
        var sampler = new BatchSampler(size.Plan, scratch.Job.Site, data, []);
        using var lying = new LyingReady(sampler, size.Plan);
        using var feed = new BatchFeed(size.Plan, sampler, round: 1, devices: 1, pinned: false);
        var (with, without) = (new TrainingStep(size.Plan, feed, session.Group, session.Optimizer), new TrainingStep(size.Plan, lying, session.Group, session.Optimizer));
        var (draws, next) = (new Dictionary<string, long>(), 0);
        session.Group.Train(freezeStatistics: false);
        var times = Stopwatches.InTurns(
            size.Repetitions,
            () =>
            {
                for (var i = 0; i < size.Block; i++)
                {
                    with.Run(1, next++, draws);
                }
            },
            () =>
            {
                for (var i = 0; i < size.Block; i++)
                {
                    without.Run(1, i, draws);
                }
            });
        return (
            1000 * size.Block / Stopwatches.Median(times[0]),
            1000 * size.Block / Stopwatches.Median(times[1]),
            Stopwatches.Median(times[0].Zip(times[1], (piped, ready) => (piped / ready) - 1)));
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>A few micro-batches that were made before the clock started.</summary>
    private sealed class LyingReady : IBatchFeed
    {
        private readonly HostBatch[] _batches;

        public LyingReady(BatchSampler sampler, Plan plan)
        {
            _batches = [.. Enumerable.Range(0, 3).Select(_ => new HostBatch(sampler.Capacity, plan.Imaging.Crop, pinned: false))];
            for (var i = 0; i < _batches.Length; i++)
            {
                sampler.Fill(_batches[i], 1, i, 0);
            }
        }

        public HostBatch Take(int step, int part) => _batches[step % _batches.Length];

        public void Return(HostBatch batch)
        {
            // It stays where it is.
        }

        public void Restart()
        {
            // Nothing was prepared ahead.
        }

        public void Dispose() => Array.ForEach(_batches, b => b.Dispose());
    }
}
