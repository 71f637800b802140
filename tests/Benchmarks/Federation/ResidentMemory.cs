using System.Globalization;

namespace BrainMVP.Federated.Benchmarks.Federation;

/// <summary>Watches the anonymous memory of processes.</summary>
internal static class ResidentMemory
{
    /// <summary>Anonymous resident memory, MiB.</summary>
    public static double Of(int process) => double.Parse(
        File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("RssAnon:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024;

    /// <summary>Largest memory of each process during the work, MiB.</summary>
    public static async Task<double[]> PeakAsync(int[] processes, Func<Task> work)
    {
        var peaks = processes.Select(Of).ToArray();
        using var done = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                for (var i = 0; i < processes.Length; i++)
                {
                    peaks[i] = Math.Max(peaks[i], Of(processes[i]));
                }

                await Task.Delay(10);
            }
        });
        await work();
        await done.CancelAsync();
        await watching;
        return peaks;
    }
}
