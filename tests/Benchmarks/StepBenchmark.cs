using System.Globalization;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>One training step of two masked views, fp32: ours against the plain network, from equal weights.</summary>
internal static class StepBenchmark
{
    private const double LossTolerance = 1e-4;

    /// <returns>False when the two networks do not compute the same or a target is missed.</returns>
    public static bool Run(IEnumerable<Size> sizes)
    {
        Console.WriteLine("Training step (forward, backward, AdamW), ms");
        var table = new Table("size", "plain ms", "ours ms", "ratio", "target", "plain min", "ours min", "min ratio");
        var passed = true;
        foreach (var size in sizes)
        {
            using var ours = new OurTrainee(size.Network);
            using var plain = new PlainTrainee(size.Network, ours.Model);
            using var views = Volumes.Create("views", 2 * size.Batch, size.Side);
            using var target = Volumes.Create("target", size.Batch, size.Side);
            List<double> plainLosses = [], ourLosses = [];
            var times = Stopwatches.InTurns(
                size.Repetitions,
                () => plainLosses.Add(plain.Step(views, target)),
                () => ourLosses.Add(ours.Step(views, target)));
            var (plainMedian, ourMedian) = (Stopwatches.Median(times[0]), Stopwatches.Median(times[1]));
            var ratio = plainMedian / ourMedian;
            table.Row(
                size.Name,
                Number(plainMedian, "F1"),
                Number(ourMedian, "F1"),
                Number(ratio, "F2"),
                size.Target is { } target1 ? "≥ " + Number(target1, "F1") : "-",
                Number(times[0].Min(), "F1"),
                Number(times[1].Min(), "F1"),
                Number(times[0].Min() / times[1].Min(), "F2"));
            passed &= ratio >= (size.Target ?? 0) & SameLosses(plainLosses, ourLosses);
        }

        return passed;
    }

    /// <summary>The first loss compares the networks, the second also gradients and optimisers.</summary>
    private static bool SameLosses(List<double> plain, List<double> ours)
    {
        var same = Math.Abs(plain[0] - ours[0]) <= LossTolerance * plain[0] && Math.Abs(plain[1] - ours[1]) <= 10 * LossTolerance * plain[1];
        if (!same)
        {
            Console.WriteLine($"  The networks differ: losses {plain[0]:G6} and {ours[0]:G6}, after one step {plain[1]:G6} and {ours[1]:G6}.");
        }

        return same;
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
