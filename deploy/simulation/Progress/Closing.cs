using System.Globalization;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Simulation.Federation;
using BrainMVP.Federated.Simulation.Report;
using BrainMVP.Federated.Simulation.Results;

namespace BrainMVP.Federated.Simulation.Progress;

/// <summary>What the simulation says at its end.</summary>
public static class Closing
{
    public static void Print(SimulationResults results, SimulationFolder folder)
    {
        Console.WriteLine();
        Console.WriteLine($"Status: {results.Status}{(results.Reason.Length > 0 ? $" ({results.Reason})" : "")}");
        if (results.Loss.Count > 0 && results.Plan.IsSupervised())
        {
            Console.WriteLine($"{ScoreReport.Measure(results.Plan)} on held-out cases: " + string.Join(" > ", results.Loss.Select(l => (1 - l).ToString("F4", CultureInfo.InvariantCulture))));
        }
        else if (results.Loss.Count > 0)
        {
            Console.WriteLine("Validation loss: " + string.Join(" > ", results.Loss.Select(l => l.ToString("F5", CultureInfo.InvariantCulture))));
        }

        Console.WriteLine($"Global model: {results.ModelHash}");
        foreach (var (modality, template) in results.Templates.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            var structure = template.Structure is { } s
                ? string.Create(CultureInfo.InvariantCulture, $", structure {s.Correlation:F3} against {s.ShiftedPercentile99:F3}: {(s.Passed ? "passed" : "not passed")}")
                : "";
            Console.WriteLine($"Template {modality,-5} {(template.Delivered ? $"delivered, {template.Contributors} contributors" : $"withheld: {template.Reason}")}{structure}");
        }

        foreach (var site in results.Sites.Where(s => s.Refusal.Length > 0))
        {
            Console.WriteLine($"{site.Name} refused the plan: {site.Refusal}");
        }

        foreach (var site in results.Sites.Where(s => s.Skipped.Count > 0))
        {
            Console.WriteLine($"{site.Name} skipped {site.Skipped.Count} cases: {string.Join(", ", site.Skipped.GroupBy(s => s.Error).Select(g => $"{g.Count()} x {g.Key}"))}");
        }

        Console.WriteLine($"Report: {folder.Report}");
    }
}
