using System.Globalization;

namespace BrainMVP.Federated.Faults;

/// <summary>The printed matrix.</summary>
public static class MatrixTable
{
    private const int NameWidth = 66;

    public static void PrintHead() => Console.WriteLine($"{"what is disturbed".PadRight(NameWidth)} {"verdict",-8} {"seconds",7} {"answered",8} {"1st site",8}  model");

    public static void Print(RowResult result)
    {
        Console.WriteLine($"{result.Row.Name.PadRight(NameWidth)} {result.Verdict,-8} {Number(result.Seconds),7} {Number(result.Answered),8} {Number(result.FirstSite),8}  {(result.Model.Length > 8 ? result.Model[..8] : "")}");
        foreach (var line in (string[])[.. result.Row.Orders.Select(o => $"--fault {o}"), result.Note, result.Why])
        {
            if (line.Length > 0)
            {
                Console.WriteLine($"    {line}");
            }
        }
    }

    /// <summary>The counts, in the words of the test suites.</summary>
    public static void PrintCounts(IReadOnlyList<RowResult> results, double seconds)
    {
        var restarts = results.Where(r => r.FirstSite is not null).Select(r => r.FirstSite!.Value).ToArray();
        if (restarts.Length > 0)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"After a kill of the aggregator the next site's request was served {restarts.Max():F1} s after the restart at most, {restarts.Order().ElementAt(restarts.Length / 2):F1} s in the median."));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"   BrainMVP.Federated.Faults  Total: {results.Count}, Errors: 0, Failed: {results.Count(r => r.Verdict == "FAILED")}, Skipped: {results.Count(r => r.Verdict == "skipped")}, Not Run: 0, Time: {seconds:F0}s"));
    }

    private static string Number(double? value) => value is { } v ? v.ToString("F1", CultureInfo.InvariantCulture) : "";
}
