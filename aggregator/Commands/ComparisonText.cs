using System.Globalization;
using BrainMVP.Federated.Contracts.V1;
using Spectre.Console;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary>The sites' own models at each other's cases, in a table.</summary>
public static class ComparisonText
{
    public static void Write(IReadOnlyList<ModelComparison> comparison)
    {
        if (comparison.Count > 0)
        {
            Console.WriteLine("Each site's own model (rows) on each site's held-out cases (columns): mean Dice or recall");
            AnsiConsole.Write(Table(comparison));
        }
    }

    private static Table Table(IReadOnlyList<ModelComparison> comparison)
    {
        string[] columns = [.. comparison.Select(c => c.DataSite).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var table = new Table().AddColumns(["model of", .. columns]);
        foreach (var row in comparison.GroupBy(c => c.ModelSite, StringComparer.Ordinal).OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            var scores = row.ToDictionary(r => r.DataSite, r => r.Scores, StringComparer.Ordinal);
            table.AddRow([row.Key, .. columns.Select(c => scores.TryGetValue(c, out var found) && found.Count > 0 ? found.Values.Average().ToString("F4", CultureInfo.InvariantCulture) : "")]);
        }

        return table;
    }
}
