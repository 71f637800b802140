using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Training.Interchange;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>model export</c>: a checkpoint or a federated result becomes a file that PyTorch loads.</summary>
internal static class ModelExportCommand
{
    public static Command Create()
    {
        var target = new Option<string>("--out") { Description = "File to write, .pt; torch.load(FILE, weights_only=True) opens it.", HelpName = "FILE.pt", Required = true };
        var checkpoint = new Option<string?>("--checkpoint") { Description = "Checkpoint that `model import` wrote.", HelpName = "FILE" };
        var model = new Option<string?>("--model") { Description = "Global model of a run, safetensors; needs --plan.", HelpName = "FILE" };
        var templates = new Option<string?>("--templates") { Description = "With --model: folder with the run's templates, MODALITY.safetensors. Those that are not there are zero.", HelpName = "DIR" };
        var plan = new Option<string?>("--plan") { Description = "With --model: the run's plan.", HelpName = "PLAN" };
        var activeOnly = new Option<bool>("--active-only") { Description = "With --model: leave out what pre-training never reaches; otherwise it gets initial values from the plan's seed, and the published code loads the file strictly." };
        var force = new Option<bool>("--force") { Description = "Replace the file that is there." };
        var command = CommandShape.Create(
            "export",
            "Writes a model as PyTorch checkpoint under the published names.",
            "model export --checkpoint checkpoint.safetensors --out checkpoint.pt",
            "model export --model result/global-model.safetensors --templates result/templates --plan plan.yaml --out federated.pt",
            "model export --model global-model.safetensors --plan plan.yaml --active-only --out federated.pt --force");
        foreach (var option in (Option[])[target, checkpoint, model, templates, plan, activeOnly, force])
        {
            command.Add(option);
        }

        command.Does((result, _, cancellation) =>
        {
            var (source, network, rules) = (result.GetValue(checkpoint), result.GetValue(model), result.GetValue(plan));
            if ((source is null) == (network is null) || (network is null) != (rules is null) || (source is not null && (result.GetValue(templates) is not null || result.GetValue(activeOnly))))
            {
                throw ErrorCatalogue.ArgumentInvalid.With("Give either --checkpoint, or --model with --plan and, where wanted, --templates and --active-only.");
            }

            var path = ModelCommandFiles.Target(result.GetValue(target)!, result.GetValue(force));
            var progress = ModelCommandFiles.Progress("Wrote");
            var written = source is not null
                ? CheckpointExport.Write(source, path, progress, cancellation)
                : CheckpointExport.Write(network!, result.GetValue(templates), PlanReader.ReadFile(rules!), path, result.GetValue(activeOnly), progress, cancellation);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{written.Tensors} tensors, {written.Elements:N0} elements; templates of {(written.Modalities.Count > 0 ? string.Join(", ", written.Modalities) : "no modality")}."));
            ModelCommandFiles.PrintWritten(path);
            return Task.CompletedTask;
        });
        return command;
    }
}
