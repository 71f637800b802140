using System.Globalization;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Training.Hosting;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>
/// Peak resident memory and time of a step with recomputation and without. Each variant runs in a fresh process, twice
/// in turns: memory once taken is not always given back to the system.
/// </summary>
internal static class MemoryBenchmark
{
    public const string ChildCommand = "memory-child";
    private const double MemoryTarget = 0.8;
    private const double TimeTarget = 1.35;
    private const double Megabyte = 1 << 20;

    /// <returns>False when a target is missed or a child failed.</returns>
    public static bool Run(bool quick, int? only, int threads)
    {
        var side = only ?? (quick ? 48 : 96);
        Console.WriteLine($"Recomputation, full width, {side}³, batch 1; memory above that of the process with libtorch loaded, MB");
        var table = new Table("variant", "memory MB", "peak MB", "step ms", "memory", "time", "loss");
        List<Measured> off = [], on = [];
        for (var round = 0; round < (quick ? 1 : 2); round++)
        {
            if (Child(false, side, threads) is not { } a || Child(true, side, threads) is not { } b)
            {
                return false;
            }

            off.Add(a);
            on.Add(b);
        }

        var (without, with) = (Median(off), Median(on));
        var (memory, time) = (with.Memory / without.Memory, with.Milliseconds / without.Milliseconds);
        table.Row("without", Text(without.Memory, "F0"), Text(without.Peak, "F0"), Text(without.Milliseconds, "F0"), "1", "1", Text(without.Loss, "F6"));
        table.Row("with recomputation", Text(with.Memory, "F0"), Text(with.Peak, "F0"), Text(with.Milliseconds, "F0"), Text(memory, "F2"), Text(time, "F2"), Text(with.Loss, "F6"));

        // Weights, gradients and moments need the same memory in both: targets are for crops that are much larger.
        var judged = side >= 96;
        table.Row("target", "", "", "", judged ? "≤ " + Text(MemoryTarget, "F2") : "-", judged ? "≤ " + Text(TimeTarget, "F2") : "-", "equal");
        return (!judged || (memory <= MemoryTarget && time <= TimeTarget)) && Math.Abs(with.Loss - without.Loss) <= 1e-4 * without.Loss;
    }

    /// <summary>Measures one variant in this process and prints memory, peak, milliseconds and the last loss.</summary>
    public static int RunChild(string[] args)
    {
        var (recomputation, side, threads) = (args[1] == "on", int.Parse(args[2], CultureInfo.InvariantCulture), int.Parse(args[3], CultureInfo.InvariantCulture));
        TorchRuntime.Start(threads);
        using var views = Volumes.Create("views", 2, side);
        using var target = Volumes.Create("target", 1, side);
        var baseline = DeviceMemory.Resident();
        using var ours = new OurTrainee(Presets.Create(Presets.V1).Network, recomputation);

        // The first step makes the moments and warms up; the second and third are timed.
        ours.Step(views, target);
        var loss = 0.0;
        double[] times = [.. Enumerable.Range(0, 2).Select(_ => Stopwatches.Milliseconds(() => loss = ours.Step(views, target)))];
        var peak = DeviceMemory.PeakResident();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(peak - baseline) / Megabyte:R} {peak / Megabyte:R} {times.Min():R} {loss:R}"));
        return 0;
    }

    private static Measured? Child(bool recomputation, int side, int threads)
    {
        if (FreshProcess.Run(ChildCommand, recomputation ? "on" : "off", $"{side}", $"{threads}") is not { } values)
        {
            return null;
        }

        return new Measured(values[0], values[1], values[2], values[3]);
    }

    private static Measured Median(List<Measured> all) => new(
        Stopwatches.Median(all.Select(m => m.Memory)),
        Stopwatches.Median(all.Select(m => m.Peak)),
        Stopwatches.Median(all.Select(m => m.Milliseconds)),
        all[0].Loss);

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private sealed record Measured(double Memory, double Peak, double Milliseconds, double Loss);
}
