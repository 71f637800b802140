using System.CommandLine;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.SiteAgent.Data;
using BrainMVP.Federated.SiteAgent.Trainer;
using Spectre.Console;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>data</c>: what the agent would make of a folder.</summary>
public static class DataCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("path") { Description = "Folder or CSV manifest.", HelpName = "PATH" };
        var plan = new Option<string?>("--plan") { Description = "Plan whose preparation is tried; the preset brainmvp-v1 without it.", HelpName = "PLAN" };
        var check = CommandShape.Create(
            "check",
            "Reads every case as a run would and lists which are usable and why others are not. Changes nothing.",
            "data check /data/mri",
            "data check cases.csv --plan plan.yaml");
        check.Add(path);
        check.Add(plan);
        check.Does((result, _, cancellation) =>
        {
            var rules = result.GetValue(plan) is { } file ? PlanReader.ReadFile(file) : Presets.Create(Presets.V1);
            var scratch = Directory.CreateTempSubdirectory("site-agent-check-");
            try
            {
                Print(DataPreparation.Prepare(Path.GetFullPath(result.GetValue(path)!), rules, scratch.FullName, (_, _) => { }, cancellation), rules);
            }
            finally
            {
                // Prepared volumes are images of people: they do not stay behind.
                scratch.Delete(recursive: true);
            }

            return Task.CompletedTask;
        });
        var command = CommandShape.Create("data", "Looks at the site's data.", "data check /data/mri");
        command.Add(check);
        command.Add(DataPrepareCommand.Create());
        return command;
    }

    private static void Print(PreparedSummary summary, Plan plan)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("case", "modalities", "result");
        foreach (var item in summary.Cases)
        {
            var result = item.Problem ?? (item.Notes.Count > 0 ? $"usable; {string.Join(" ", item.Notes)}" : "usable");
            table.AddRow(Markup.Escape(item.Subject), string.Join(" ", item.Modalities), Markup.Escape(result));
        }

        AnsiConsole.Write(table);
        Console.WriteLine($"{summary.Profile.Cases} usable cases, {summary.Cases.Count - summary.Profile.Cases} skipped.");
        foreach (var modality in plan.Modalities)
        {
            Console.WriteLine($"  {modality,-6} {summary.Profile.CasesByModality.GetValueOrDefault(modality)}");
        }
    }
}
