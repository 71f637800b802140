using System.CommandLine;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>finetune init</c>: a task file to begin with.</summary>
public static class FinetuneInitCommand
{
    public static Command Create()
    {
        var kind = new Option<string>("--kind") { Description = "segmentation or classification.", HelpName = "KIND", DefaultValueFactory = _ => TaskKinds.Segmentation };
        kind.AcceptOnlyFromAmong(TaskKinds.Segmentation, TaskKinds.Classification);
        var plan = new Option<string?>("--plan") { Description = "Plan file of the pre-training, or the name of a preset, whose network and imaging the task takes over.", HelpName = "PLAN" };
        var modalities = new Option<string?>("--modalities") { Description = "Input channels in their order, separated by commas.", HelpName = "t1,t2" };
        var regions = new Option<string?>("--regions") { Description = "Regions to segment, separated by commas.", HelpName = "WT=1+2+4,ET=4" };
        var classes = new Option<string?>("--classes") { Description = "Classes to tell apart, separated by commas.", HelpName = "0,1" };
        var command = CommandShape.Create(
            "init",
            "Prints a task file with every field, its unit and its range.",
            "finetune init",
            "finetune init --plan plan.yaml --modalities t1,t2,flair --regions lesion=1",
            "finetune init --kind classification --plan demo --modalities t1,t1c,t2,flair --classes 0,1");
        foreach (var option in (Option[])[kind, plan, modalities, regions, classes])
        {
            command.Add(option);
        }

        command.Does((result, _) =>
        {
            var task = new FinetuneTask { Kind = result.GetValue(kind)! };
            if (result.GetValue(plan) is { } path)
            {
                var read = PretrainCommand.ReadPlan(path);
                task = task with { Network = read.Network, Imaging = read.Imaging };
            }

            task = task with
            {
                Modalities = Words(result.GetValue(modalities)) ?? task.Modalities,
                Regions = Words(result.GetValue(regions)) ?? task.Regions,
                Classes = Words(result.GetValue(classes)) ?? task.Classes,
            };
            FinetuneTaskRules.Check(task);
            Console.Write(PlanWriter.Write(task));
        });
        return command;
    }

    private static string[]? Words(string? text) => text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
