using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.SiteAgent.Pretraining;
using BrainMVP.Federated.SiteAgent.Trainer;
using BrainMVP.Federated.Training.Hosting;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>pretrain</c>: pre-training on this machine's data alone.</summary>
public static class PretrainCommand
{
    public static Command Create()
    {
        var plan = new Option<string>("--plan") { Description = "Plan file, YAML, or the name of a preset.", HelpName = "PLAN", Required = true };
        var data = new Option<string>("--data") { Description = "Folder or CSV manifest with volumes.", HelpName = "PATH", Required = true };
        var output = new Option<string>("--out") { Description = "Folder for the result; the same command again goes on where it stopped.", HelpName = "DIR", Required = true };
        var steps = new Option<int?>("--steps") { Description = "Train one round of this many optimiser steps instead of the plan's rounds; the plan's schedules then span these steps.", HelpName = "N" };
        var threads = new Option<int?>("--threads") { Description = "CPU threads instead of the plan's.", HelpName = "N" };
        var device = new Option<string>("--device") { Description = "auto, cpu, cuda, cuda:N or all.", HelpName = "DEVICE", DefaultValueFactory = _ => "auto" };
        var model = new Option<string?>("--model") { Description = "Model to start from, as `model init` writes it, also with --from of an imported checkpoint; the plan's untrained one without it.", HelpName = "FILE" };
        var templates = new Option<string?>("--templates") { Description = "Folder with MODALITY.safetensors to start from.", HelpName = "DIR" };
        var keep = new Option<bool>("--keep") { Description = "Keep the prepared volumes and the last round's optimiser state." };
        var command = CommandShape.Create(
            "pretrain",
            "Pre-trains on this machine's data alone, without an aggregator, and reports time and memory of a step.",
            "pretrain --plan plan.yaml --data /data/mri --out result",
            "pretrain --plan brainmvp-v1 --data /data/mri --out trial --steps 3 --threads 8",
            "pretrain --plan plan.yaml --data /data/mri --out result --model initial.safetensors --device cuda:0");
        foreach (var option in (Option[])[plan, data, output, steps, threads, device, model, templates, keep])
        {
            command.Add(option);
        }

        command.Does((result, _, cancellation) =>
        {
            TorchDevices.RequireWord(result.GetValue(device)!);
            var read = Overridden(ReadPlan(result.GetRequiredValue(plan)), result.GetValue(steps), result.GetValue(threads));
            return new LocalPretraining(
                new PretrainOptions
                {
                    Plan = read,
                    Data = Path.GetFullPath(result.GetRequiredValue(data)),
                    Out = Path.GetFullPath(result.GetRequiredValue(output)),
                    Model = result.GetValue(model) is { } file ? Path.GetFullPath(file) : null,
                    Templates = result.GetValue(templates) is { } folder ? WithTemplates(Path.GetFullPath(folder), read) : null,
                    Device = result.GetValue(device)!,
                    Keep = result.GetValue(keep),
                },
                new TrainerProcess(TimeProvider.System),
                TimeProvider.System).RunAsync(cancellation);
        });
        return command;
    }

    /// <summary>A plan by file, or a preset by name.</summary>
    internal static Plan ReadPlan(string plan) => !File.Exists(plan) && Presets.Names.Contains(plan, StringComparer.Ordinal) ? Presets.Create(plan) : PlanReader.ReadFile(plan);

    private static Plan Overridden(Plan plan, int? steps, int? threads)
    {
        plan = plan with
        {
            Rounds = steps is { } count ? new RoundsPlan { Count = 1, LocalSteps = count } : plan.Rounds,
            Training = plan.Training with { Threads = threads ?? plan.Training.Threads },
        };
        PlanRules.Check(plan);
        return plan;
    }

    private static string WithTemplates(string folder, Plan plan) => PretrainFolder.TemplatesIn(folder, plan).Count > 0
        ? folder
        : throw ErrorCatalogue.ArgumentInvalid.With($"--templates: {folder} has no MODALITY.safetensors of a modality of the plan.");
}
