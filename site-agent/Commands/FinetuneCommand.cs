using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.SiteAgent.Finetuning;
using BrainMVP.Federated.SiteAgent.Trainer;
using BrainMVP.Federated.Training.Hosting;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>finetune</c>: learns a downstream task from labelled cases.</summary>
public static class FinetuneCommand
{
    private static readonly Option<string?> Task = new("--task") { Description = "Task file, YAML; `finetune init` prints one.", HelpName = "TASK" };
    private static readonly Option<string?> Data = new("--data") { Description = "Folder or CSV manifest with volumes and their label maps or classes.", HelpName = "PATH" };
    private static readonly Option<string?> Output = new("--out") { Description = "Folder for the result; the same command again goes on where it stopped.", HelpName = "DIR" };
    private static readonly Option<string?> Encoder = new("--encoder") { Description = "Pre-trained model to start from: a file, or the folder of a pre-training or a simulation. Untrained weights without it.", HelpName = "PATH" };
    private static readonly Option<string?> Templates = new("--templates") { Description = "Folder with MODALITY.safetensors; templates/ beside the encoder without it.", HelpName = "DIR" };
    private static readonly Option<bool> NoTemplates = new("--no-templates") { Description = "Use no templates, also where the encoder's folder has them." };
    private static readonly Option<int?> Steps = new("--steps") { Description = "Optimiser steps at most, instead of the task's.", HelpName = "N" };
    private static readonly Option<int?> Threads = new("--threads") { Description = "CPU threads instead of the task's.", HelpName = "N" };
    private static readonly Option<int?> Fold = new("--fold") { Description = "Test fold instead of the task's, counted from 0.", HelpName = "K" };
    private static readonly Option<int?> Folds = new("--folds") { Description = "Number of folds instead of the task's.", HelpName = "N" };
    private static readonly Option<double?> LabelFraction = new("--label-fraction") { Description = "Part of the training subjects whose labels are used, instead of the task's.", HelpName = "F" };
    private static readonly Option<long?> Seed = new("--seed") { Description = "Seed instead of the task's.", HelpName = "S" };
    private static readonly Option<string> Device = new("--device") { Description = "auto, cpu, cuda or cuda:N.", HelpName = "DEVICE", DefaultValueFactory = _ => "auto" };
    private static readonly Option<bool> Keep = new("--keep") { Description = "Keep the prepared volumes and the checkpoints." };

    public static Command Create()
    {
        var command = CommandShape.Create(
            "finetune",
            "Learns a downstream task, segmentation or classification, from labelled cases.",
            "finetune init",
            "finetune --task task.yaml --data /data/brats --out tumours --encoder pretrained",
            "finetune --task task.yaml --data /data/brats --out scratch --device cuda",
            "finetune --task task.yaml --data /data/ms --out fold-2 --encoder pretrained --folds 5 --fold 2",
            "finetune --task task.yaml --data /data/brats --out few --encoder pretrained --label-fraction 0.4");
        foreach (var option in (Option[])[Task, Data, Output, Encoder, Templates, NoTemplates, Steps, Threads, Fold, Folds, LabelFraction, Seed, Device, Keep])
        {
            command.Add(option);
        }

        command.Add(FinetuneInitCommand.Create());
        command.Does((result, _, cancellation) => new LocalFinetuning(Read(result), new TrainerProcess(TimeProvider.System), TimeProvider.System).RunAsync(cancellation));
        return command;
    }

    private static FinetuneOptions Read(ParseResult result)
    {
        TorchDevices.RequireWord(result.GetValue(Device)!);
        var task = Overridden(FinetuneTaskReader.ReadFile(Required(result, Task)), result);
        var encoder = result.GetValue(Encoder) is { } path ? PretrainedFolder.ModelOf(path) : null;
        return new FinetuneOptions
        {
            Task = task,
            Data = Path.GetFullPath(Required(result, Data)),
            Out = Path.GetFullPath(Required(result, Output)),
            Encoder = encoder,
            Templates = result.GetValue(NoTemplates) ? new Dictionary<string, string>() : PretrainedFolder.TemplatesOf(result.GetValue(Templates), encoder),
            Device = result.GetValue(Device)!,
            Keep = result.GetValue(Keep),
        };
    }

    private static string Required(ParseResult result, Option<string?> option) =>
        result.GetValue(option) ?? throw ErrorCatalogue.ArgumentInvalid.With($"Option '{option.Name}' is required.");

    private static FinetuneTask Overridden(FinetuneTask task, ParseResult result)
    {
        task = task with
        {
            Seed = result.GetValue(Seed) ?? task.Seed,
            Training = task.Training with { Steps = result.GetValue(Steps) ?? task.Training.Steps, Threads = result.GetValue(Threads) ?? task.Training.Threads },
            Split = task.Split with
            {
                Fold = result.GetValue(Fold) ?? task.Split.Fold,
                Folds = result.GetValue(Folds) ?? task.Split.Folds,
                LabelFraction = result.GetValue(LabelFraction) ?? task.Split.LabelFraction,
            },
        };
        FinetuneTaskRules.Check(task);
        return task;
    }
}
