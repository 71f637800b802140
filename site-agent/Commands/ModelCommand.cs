using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.SiteAgent.Finetuning;
using BrainMVP.Federated.Training.Finetuning;
using BrainMVP.Federated.Training.Interchange;
using BrainMVP.Federated.Training.Models;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>model</c>: model files. Here and not at the aggregator, which has no libtorch.</summary>
public static class ModelCommand
{
    public static Command Create()
    {
        var command = CommandShape.Create("model", "Makes model files, and brings checkpoints from PyTorch and back.", "model init plan.yaml --out initial.safetensors", "model import BrainMVP_uniformer.pt --out checkpoint.safetensors");
        command.Add(Init());
        command.Add(ModelInfoCommand.Create());
        command.Add(ModelImportCommand.Create());
        command.Add(ModelExportCommand.Create());
        return command;
    }

    private static Command Init()
    {
        var plan = new Argument<string>("plan") { Description = "Plan file, YAML.", HelpName = "PLAN" };
        var target = new Option<string>("--out") { Description = "Model file to write, safetensors.", HelpName = "FILE", Required = true };
        var from = new Option<string?>("--from") { Description = "Checkpoint that `model import` wrote: start from its network instead of an untrained one.", HelpName = "FILE" };
        var templates = new Option<string?>("--templates") { Description = "With --from: also write the templates of the plan's modalities into this folder.", HelpName = "DIR" };
        var encoder = new Option<string?>("--encoder") { Description = "Of a supervised plan: pre-trained model to start from, a file or the folder of a pre-training or a simulation.", HelpName = "PATH" };
        var init = CommandShape.Create(
            "init",
            "Writes the model that a plan starts from. The same plan and checkpoint always give the same bytes.",
            "model init plan.yaml --out initial.safetensors",
            "model init plan.yaml --from checkpoint.safetensors --out initial.safetensors --templates templates",
            "model init tumours.yaml --encoder out --out initial.safetensors");
        init.Add(plan);
        init.Add(target);
        init.Add(from);
        init.Add(templates);
        init.Add(encoder);

        init.Does((result, _, cancellation) =>
        {
            var read = PlanReader.ReadFile(result.GetValue(plan)!);
            var path = Path.GetFullPath(result.GetValue(target)!);
            var folder = result.GetValue(templates);
            if (read.IsSupervised())
            {
                if ((result.GetValue(from) ?? folder) is not null)
                {
                    throw ErrorCatalogue.ArgumentInvalid.With($"{read.Name} is a supervised plan: it starts from --encoder, or untrained.");
                }

                var start = SupervisedModel.WriteInitial(read, result.GetValue(encoder) is { } pretrained ? PretrainedFolder.ModelOf(pretrained) : null, path);
                ModelCommandFiles.PrintWritten(path);
                Console.WriteLine(start is null ? "The network is untrained." : $"{start.Loaded} tensors are taken over, {start.Inflated.Count} repeated over the input channels, {start.Fresh.Count} untrained.");
                return Task.CompletedTask;
            }

            if (result.GetValue(encoder) is not null)
            {
                throw ErrorCatalogue.ArgumentInvalid.With("--encoder is for supervised plans (downstream.kind); a pre-training starts --from an imported checkpoint.");
            }

            if (result.GetValue(from) is not { } checkpoint)
            {
                if (folder is not null)
                {
                    throw ErrorCatalogue.ArgumentInvalid.With("--templates needs --from: untrained templates are zero and need no file.");
                }

                ModelInitializer.Write(read, path);
                ModelCommandFiles.PrintWritten(path);
                return Task.CompletedTask;
            }

            // Templates first: a plan with another canvas leaves nothing behind.
            var written = folder is null ? [] : CheckpointParts.WriteTemplates(checkpoint, read, Path.GetFullPath(folder), cancellation);
            CheckpointParts.WriteNetwork(checkpoint, read, path, cancellation);
            ModelCommandFiles.PrintWritten(path);
            if (folder is not null)
            {
                Console.WriteLine($"Wrote the templates of {string.Join(", ", written)} into {Path.GetFullPath(folder)}.");
            }

            return Task.CompletedTask;
        });
        return init;
    }
}
