using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary><c>aggregator plan …</c></summary>
public static class PlanCommands
{
    public static Command Create() => new("plan", "Writes, checks and explains plans.") { Init(), Check(), Fields() };

    private static Command Init()
    {
        var preset = new Option<string>("--preset") { Description = $"One of {string.Join(", ", Presets.Names)}.", DefaultValueFactory = _ => Presets.V1 };
        var task = new Option<string?>("--task") { Description = "Task file of `site-agent finetune init`: the plan learns it from the sites' labels, with the preset's rounds, quorum and privacy.", HelpName = "FILE" };
        var command = new Command("init", "Prints a plan with every field explained: aggregator plan init --preset demo > plan.yaml") { preset, task };
        command.SetAction((parse, _) => CommandLine.Guard(() =>
        {
            var plan = Presets.Create(parse.GetRequiredValue(preset));
            plan = parse.GetValue(task) is { } file ? FederatedTask.ToPlan(FinetuneTaskReader.ReadFile(file), plan) : plan;
            PlanRules.Check(plan);
            Console.Write(PlanWriter.Write(plan));
            return Task.CompletedTask;
        }));
        return command;
    }

    private static Command Check()
    {
        var file = new Argument<string>("plan") { Description = "Plan as YAML: a preset and the fields that differ from it." };
        var json = new Option<bool>("--json") { Description = "Print the whole plan as JSON." };
        var command = new Command("check", "Reads a plan and prints its hash, which sites approve.") { file, json };
        command.SetAction((parse, _) => CommandLine.Guard(() =>
        {
            var plan = PlanReader.ReadFile(parse.GetRequiredValue(file));
            Console.WriteLine(parse.GetValue(json) ? CanonicalJson.ToReadable(plan) : CanonicalJson.Hash(plan));
            return Task.CompletedTask;
        }));
        return command;
    }

    private static Command Fields()
    {
        var preset = new Option<string>("--preset") { Description = "Preset whose values are shown as defaults.", DefaultValueFactory = _ => Presets.V1 };
        var command = new Command("fields", "Lists every plan field with unit, range and default, as a Markdown table.") { preset };
        command.SetAction((parse, _) => CommandLine.Guard(() =>
        {
            Console.WriteLine("| field | default | unit | range | meaning |");
            Console.WriteLine("| --- | --- | --- | --- | --- |");
            foreach (var field in PlanFields.Of(Presets.Create(parse.GetRequiredValue(preset))))
            {
                Console.WriteLine($"| {field.Path} | {Text(field.Default)} | {field.Rule.Unit} | {field.Range.Replace("|", "or", StringComparison.Ordinal)} | {field.Rule.Description} |");
            }

            return Task.CompletedTask;
        }));
        return command;
    }

    private static string Text(object? value) => value switch
    {
        System.Collections.IEnumerable items when value is not string => "[" + string.Join(", ", items.Cast<object>()) + "]",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        _ => value?.ToString() ?? "",
    };
}
