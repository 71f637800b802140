using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Training.Hosting;
using Spectre.Console;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>model info</c>: size and cost of a plan's network before anything is trained.</summary>
internal static class ModelInfoCommand
{
    private const double Giga = 1e9;
    private const double Gibi = 1024.0 * 1024 * 1024;

    public static Command Create()
    {
        var preset = new Option<string?>("--preset") { Description = $"One of {string.Join(", ", Presets.Names)}.", HelpName = "P" };
        var plan = new Option<string?>("--plan") { Description = "Plan file, YAML, instead of a preset.", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "For programs; with every tensor's name and shape." };
        var tensors = new Option<bool>("--tensors") { Description = "Also list every tensor." };
        var command = CommandShape.Create(
            "info",
            "Parameters of each part, and the estimated work and memory of a training step.",
            "model info --preset brainmvp-v1",
            "model info --plan plan.yaml --json");
        foreach (var option in (Option[])[preset, plan, json, tensors])
        {
            command.Add(option);
        }

        command.Does((result, _) =>
        {
            var read = (result.GetValue(preset), result.GetValue(plan)) switch
            {
                ({ } name, null) => Presets.Create(name),
                (null, { } file) => PlanReader.ReadFile(file),
                _ => throw ErrorCatalogue.ArgumentInvalid.With("Give either --preset or --plan."),
            };
            TorchRuntime.Start(read.Training.Threads);
            var statistics = ModelStatistics.Of(read);
            if (result.GetValue(json))
            {
                Console.WriteLine(CanonicalJson.ToReadable(statistics));
                return;
            }

            Print(read, statistics);
            if (result.GetValue(tensors))
            {
                foreach (var tensor in statistics.Tensors)
                {
                    Console.WriteLine($"{tensor.Name}  [{string.Join(", ", tensor.Shape)}]{(tensor.Trained ? "" : "  statistic")}");
                }
            }
        });
        return command;
    }

    private static void Print(Plan plan, ModelStatistics statistics)
    {
        var (crop, training) = (plan.Imaging.Crop, plan.Training);
        var table = new Table().Border(TableBorder.Simple).AddColumn("part");
        table.AddColumn(new TableColumn("parameters").RightAligned());
        table.AddColumn(new TableColumn("forward, G multiply-adds").RightAligned());
        foreach (var part in statistics.Parts)
        {
            table.AddRow(part.Name, Whole(part.Parameters), Number(part.Products / Giga, "F2"));
        }

        table.AddRow($"{statistics.Backbone} in all", Whole(statistics.Parameters), Number(statistics.ForwardProducts / Giga, "F2"));
        table.AddRow($"{statistics.Templates} templates {string.Join('x', plan.Imaging.Canvas)}", Whole(statistics.TemplateElements), "");
        AnsiConsole.Write(table);
        Console.WriteLine($"{statistics.Tensors.Count} tensors, {Whole(statistics.BufferElements)} values of running statistics and step counters.");
        Console.WriteLine(
            $"An optimiser step: {training.Accumulation} x {training.BatchSize} cases of two views at {string.Join('x', crop)}{(training.Recomputation ? " with recomputation" : "")}, about {Number(statistics.StepOperations / 1e12, "F2")} T floating-point operations.");
        var memory = statistics.Memory;
        Console.WriteLine(
            $"Memory while training in fp32, all modalities owned: about {Size(memory.Total)} GiB (weights {Size(memory.Weights)}, templates {Size(memory.Templates)}, gradients {Size(memory.Gradients)}, moments {Size(memory.Moments)}, activations {Size(memory.Activations)}, workspace {Size(memory.Workspace)}).");
        Console.WriteLine($"Sent in a round: {Size(statistics.Parameters * sizeof(int))} GiB for the network and {Size(statistics.TemplateElements / Math.Max(1, statistics.Templates) * sizeof(int))} GiB for each template.");
    }

    private static string Whole(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Size(long bytes) => Number(bytes / Gibi, "F2");
}
