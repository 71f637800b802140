using System.Globalization;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>Resident memory of a trainer over 1,000 steps of the demo preset, checkpoints included, in a fresh process.</summary>
internal static class GrowthBenchmark
{
    public const string ChildCommand = "growth-child";
    private const int Steps = 1000;
    private const int Every = 100;
    private const int Settled = 200;
    private const double Target = 1.05;
    private const double Megabyte = 1 << 20;

    /// <returns>False when the target is missed or the child failed.</returns>
    public static bool Run(int threads)
    {
        Console.WriteLine($"Resident memory over {Steps} steps of the demo preset, MB");
        if (FreshProcess.Run(ChildCommand, $"{threads}") is not { } sizes)
        {
            return false;
        }

        var table = new Table("step", "MB", "of step 200");
        var start = sizes[(Settled / Every) - 1];
        for (var i = 0; i < sizes.Length; i++)
        {
            table.Row(
                ((i + 1) * Every).ToString(CultureInfo.InvariantCulture),
                sizes[i].ToString("F1", CultureInfo.InvariantCulture),
                (sizes[i] / start).ToString("F3", CultureInfo.InvariantCulture));
        }

        table.Row("target", "", "≤ 1.05");
        return sizes[^1] <= Target * start;
    }

    public static int RunChild(string[] args)
    {
        var demo = Presets.Create(Presets.Demo);
        using var scratch = new Scratch(
            demo with
            {
                Rounds = new RoundsPlan { Count = 1, LocalSteps = Steps },
                Training = demo.Training with { Threads = int.Parse(args[1], CultureInfo.InvariantCulture) },
            },
            cases: 8);
        var sizes = new List<string>();
        RoundTrainer.Run(scratch.Job, Measure, CancellationToken.None);
        Console.WriteLine(string.Join(' ', sizes));
        return 0;

        void Measure(TrainingProgress progress)
        {
            if (progress is { Phase: "train", Note: "" } && progress.Done % Every == 0)
            {
                sizes.Add((DeviceMemory.Resident() / Megabyte).ToString("R", CultureInfo.InvariantCulture));
            }
        }
    }
}
