using System.Globalization;
using BrainMVP.Federated.Benchmarks;
using BrainMVP.Federated.Training.Hosting;

const string Help = """
    Measures training on this machine. Ratios are measured side by side in one run; times are medians of repetitions.

      benchmarks step [--quick] [--threads N]      one training step: our network and the same one written plainly
      benchmarks parts [--quick] [--threads N]     where our step spends its time, part by part
      benchmarks memory [--quick] [--threads N]    memory and time with recomputation and without
      benchmarks all [--quick] [--threads N]       all of them

      --quick        small sizes and few repetitions
      --threads N    CPU threads, 1 by default
      --help         this text
    """;

var command = args.FirstOrDefault(a => !a.StartsWith('-')) ?? "";
var quick = args.Contains("--quick");
var threadsAt = Array.IndexOf(args, "--threads");
var threads = 1;
if (args.Contains("--help") || (threadsAt >= 0 && (threadsAt + 1 >= args.Length || !int.TryParse(args[threadsAt + 1], NumberStyles.None, CultureInfo.InvariantCulture, out threads) || threads < 1)))
{
    Console.WriteLine(Help);
    return args.Contains("--help") ? 0 : 2;
}

if (command == MemoryBenchmark.ChildCommand)
{
    return MemoryBenchmark.RunChild(args);
}

string[] known = ["step", "parts", "memory"];
var chosen = command == "all" ? known : [.. known.Where(k => k == command)];
if (chosen.Length == 0)
{
    Console.WriteLine(Help);
    return 2;
}

TorchRuntime.Start(threads);
Console.WriteLine(Machine.Describe(threads));
var passed = true;
foreach (var name in chosen)
{
    Console.WriteLine();
    passed &= name switch
    {
        "step" => StepBenchmark.Run(quick),
        "parts" => PartsBenchmark.Run(quick),
        _ => MemoryBenchmark.Run(quick, threads),
    };
}

return passed ? 0 : 1;
