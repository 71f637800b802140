using System.Globalization;
using BrainMVP.Federated.Imaging.Tests.Nifti.Fuzzing;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>Reads mutated NIfTI files from memory, the same ones for the same seed.</summary>
internal static class FuzzCommand
{
    /// <returns>False when a file ended otherwise than as a volume or a numbered error, in time and within its memory.</returns>
    public static bool Run(int count, int seed)
    {
        Console.WriteLine(Text($"{count:N0} mutated NIfTI files of seed {seed}: NIfTI-1 and -2, both byte orders, single and paired, packed and not"));
        var began = TimeProvider.System.GetTimestamp();
        var next = 0L;
        var report = new NiftiFuzzer((ulong)seed).Run(0, count, done =>
        {
            if (done >= next)
            {
                Console.WriteLine(Text($"  {done,12:N0} read, {TimeProvider.System.GetElapsedTime(began).TotalSeconds:F0} s"));
                next = done + Math.Max(1, count / 20);
            }
        });
        Console.WriteLine();
        var table = new Table("outcome", "files", "share");
        foreach (var (outcome, files) in report.Outcomes)
        {
            table.Row(outcome, Text($"{files:N0}"), Text($"{100.0 * files / report.Outcomes.Values.Sum():F2} %"));
        }

        table.Row("all", Text($"{report.Outcomes.Values.Sum():N0}"), "");
        Console.WriteLine();
        Console.WriteLine(Text($"Slowest file: {report.Slowest.Milliseconds:F1} ms (number {report.Slowest.Number}); a hang is {NiftiFuzzer.Deadline.TotalSeconds:F0} s"));
        Console.WriteLine(Text($"Most memory for a file: {report.Largest.Bytes:N0} bytes of a cap of {report.Largest.Cap:N0} (number {report.Largest.Number})"));
        Console.WriteLine(Text($"Greatest part of its cap: {100 * report.Fullest.Part:F1} % (number {report.Fullest.Number})"));
        Console.WriteLine(Text($"Whole run: {TimeProvider.System.GetElapsedTime(began).TotalSeconds:F0} s"));
        foreach (var failure in report.Failures)
        {
            Console.WriteLine("  FAILED: " + failure);
        }

        Console.WriteLine(report.Failures.Count == 0 ? "Every file gave a volume or a numbered error within its memory." : "Failed.");
        return report.Failures.Count == 0;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
