using System.Globalization;
using TorchSharp;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>What a measurement was made on.</summary>
internal static class Machine
{
    public static string Describe(int threads) =>
        $"{Processor()}, {Environment.ProcessorCount} cores, {threads} thread{(threads == 1 ? "" : "s")} used, libtorch {torch.__version__}, load before start {Load()}";

    private static string Processor() => First("/proc/cpuinfo", "model name")?.Split(':', 2)[1].Trim() ?? "unknown processor";

    private static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : double.NaN.ToString(CultureInfo.InvariantCulture);

    private static string? First(string path, string start) =>
        File.Exists(path) ? File.ReadLines(path).FirstOrDefault(l => l.StartsWith(start, StringComparison.Ordinal)) : null;
}
