using System.Globalization;
using BrainMVP.Federated.Benchmarks;
using BrainMVP.Federated.Benchmarks.Federation;
using BrainMVP.Federated.Training.Hosting;

const string Help = """
    Measures training and its data side on this machine. Ratios are measured side by side in one run; times are medians of repetitions.

      benchmarks step      one training step: our network and the same one written plainly
      benchmarks parts     where a step spends its time, part by part
      benchmarks memory    memory and time with recomputation and without
      benchmarks pipeline  training with the data pipeline and with the same tensors lying ready in memory
      benchmarks growth    resident memory over 1,000 steps of the demo preset
      benchmarks data      reading and preparing a .nii.gz, against zcat; crops of prepared volumes
      benchmarks aggregation  summing updates from the store, against floats and memory reads; memory for 10 and 64 sites
      benchmarks transfer  an update up and a model down over mutual TLS, against raw TLS, SHA-256 and fsync; cut and long paths
      benchmarks rounds    a round without training: 8 sites with 95 MB, against its parts; many sites with a tiny model
      benchmarks all       all of these
      benchmarks fuzz      a million mutated NIfTI files through the reader: outcomes, time and memory

      --quick        small sizes and few repetitions
      --side N       only crops of N³ voxels: 32, 48 or 96
      --threads N    CPU threads, 1 by default
      --file PATH    data: a .nii.gz of your own instead of phantom heads
      --count N      fuzz: number of files
      --seed N       fuzz: another seed makes other files
      --help         this text
    """;

var command = args.FirstOrDefault() ?? "";
var quick = args.Contains("--quick");
var (threads, side) = (Number("--threads", 1), Number("--side", 0));
var (count, seed) = (Number("--count", 1_000_000), Number("--seed", 1));
var fileAt = Array.IndexOf(args, "--file");
var file = fileAt < 0 ? null : args.ElementAtOrDefault(fileAt + 1) ?? "";
if (args.Contains("--help") || threads is null or 0 || side is null || count is null or 0 || seed is null || file is "")
{
    Console.WriteLine(Help);
    return args.Contains("--help") ? 0 : 2;
}

if (command == MemoryBenchmark.ChildCommand)
{
    return MemoryBenchmark.RunChild(args);
}

if (command == GrowthBenchmark.ChildCommand)
{
    return GrowthBenchmark.RunChild(args);
}

if (command == RawTls.ChildCommand)
{
    await RawTls.ServeAsync();
    return 0;
}

if (command == LightSites.ChildCommand)
{
    return await LightSites.RunChildAsync(args);
}

if (command == RoundBenchmark.ChildCommand)
{
    return await RoundBenchmark.RunChildAsync(args);
}

if (command == "fuzz")
{
    return FuzzCommand.Run(count.Value, seed.Value) ? 0 : 1;
}

string[] known = ["step", "parts", "memory", "pipeline", "growth", "data", "aggregation", "transfer", "rounds"];
var chosen = command == "all" ? known : [.. known.Where(k => k == command)];
if (chosen.Length == 0)
{
    Console.WriteLine(Help);
    return 2;
}

TorchRuntime.Start(threads.Value);
Console.WriteLine(Machine.Describe(threads.Value));
var sizes = Size.Steps(quick).Where(s => side == 0 || s.Side == side).ToArray();
var passed = true;
foreach (var name in chosen)
{
    Console.WriteLine();
    passed &= name switch
    {
        "step" => StepBenchmark.Run(sizes),
        "parts" => PartsBenchmark.Run(sizes),
        "pipeline" => PipelineBenchmark.Run(quick, side.Value, threads.Value),
        "growth" => GrowthBenchmark.Run(threads.Value),
        "aggregation" => AggregationBenchmark.Run(quick),
        "rounds" => await RoundBenchmark.RunAsync(quick),
        "transfer" => await TransferBenchmark.RunAsync(quick),
        "data" => DataBenchmark.Run(quick, file) & CropBenchmark.Run(quick),
        _ => MemoryBenchmark.Run(quick, side == 0 ? null : side, threads.Value),
    };
}

return passed ? 0 : 1;

int? Number(string option, int otherwise)
{
    var at = Array.IndexOf(args, option);
    return at < 0 ? otherwise
        : at + 1 < args.Length && int.TryParse(args[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value
        : null;
}
