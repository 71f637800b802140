using System.Globalization;
using Spectre.Console;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>The results of a study on the console.</summary>
internal static class StudyText
{
    public static void Print(StudyResults results, string report)
    {
        Console.WriteLine();
        Write(results, "Dice", r => r.Dice);
        if (results.Results.All(r => r.Area is not null))
        {
            Write(results, "AUC", r => r.Area!);
        }

        var differences = new Table().AddColumns(["paired difference of Dice", .. results.Sites]);
        foreach (var pair in results.Differences.GroupBy(d => $"{d.First} - {d.Second}"))
        {
            differences.AddRow([pair.Key, .. pair.Select(d => Markup.Escape($"{Text(d.Difference, "+0.000;-0.000")}{(d.Met is { } met ? met ? " met" : " MISSED" : "")}"))]);
        }

        Show(differences);
        if (results.ShareOfPooled is { } share)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Dice of ours over that of pooled people: {share:F3}, target {Study.ShareOfPooled}: {(share >= Study.ShareOfPooled ? "met" : "MISSED")}"));
        }

        if (results.Matrix is { } matrix)
        {
            var table = new Table().AddColumns([$"{results.MatrixOf}, seed 1: model of, on", .. results.Sites.Take(matrix.Count)]);
            foreach (var (row, values) in matrix.Index())
            {
                table.AddRow([results.Sites[row], .. values.Select(v => v.ToString("F3", CultureInfo.InvariantCulture))]);
            }

            Show(table);
        }

        Console.WriteLine($"Means over {results.Seeds} seeds and {results.TestCases} people a site; in brackets 95 % intervals, bootstrap over seeds and people.");
        Console.WriteLine($"Report: {report}");
    }

    private static void Write(StudyResults results, string measure, Func<MethodResult, Range95> value)
    {
        var table = new Table().AddColumns([measure, .. results.Sites]);
        foreach (var method in results.Methods)
        {
            table.AddRow([method, .. results.Results.Where(r => r.Method == method).Select(r => Markup.Escape(Text(value(r), "0.000")))]);
        }

        Show(table);
    }

    /// <summary>Whole lines even where the console is a file.</summary>
    private static void Show(Table table)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 160);
        AnsiConsole.Write(table);
    }

    public static string Text(Range95 range, string format) =>
        string.Create(CultureInfo.InvariantCulture, $"{range.Estimate.ToString(format, CultureInfo.InvariantCulture)} [{range.Lower.ToString(format, CultureInfo.InvariantCulture)}, {range.Upper.ToString(format, CultureInfo.InvariantCulture)}]");
}
