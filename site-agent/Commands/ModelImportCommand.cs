using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Training.Interchange;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>model import</c>: a published PyTorch checkpoint becomes a safetensors file. Nothing of it is executed.</summary>
internal static class ModelImportCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("file") { Description = "Checkpoint that PyTorch saved: .pt or .pth.", HelpName = "FILE.pt" };
        var target = new Option<string>("--out") { Description = "Checkpoint to write, safetensors. It keeps every tensor bit for bit.", HelpName = "FILE", Required = true };
        var plan = new Option<string?>("--plan") { Description = "Plan with the network and canvas to expect; the published sizes without it.", HelpName = "PLAN" };
        var force = new Option<bool>("--force") { Description = "Replace the file that is there." };
        var command = CommandShape.Create(
            "import",
            "Reads a pre-trained BrainMVP checkpoint of PyTorch without executing anything in it.",
            "model import BrainMVP_uniformer.pt --out checkpoint.safetensors",
            "model import small.pt --plan plan.yaml --out checkpoint.safetensors --force");
        command.Add(source);
        command.Add(target);
        command.Add(plan);
        command.Add(force);
        command.Does((result, _, cancellation) =>
        {
            var path = ModelCommandFiles.Target(result.GetValue(target)!, result.GetValue(force));
            var expected = result.GetValue(plan) is { } file ? PlanReader.ReadFile(file) : null;
            var found = CheckpointImport.Run(Path.GetFullPath(result.GetValue(source)!), path, expected, ModelCommandFiles.Progress("Copied"), cancellation);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Found {found.Backbone}: {found.Tensors} tensors, {found.Elements:N0} elements."));
            if (found.Others.Count > 0)
            {
                Console.WriteLine($"Left out: {string.Join(", ", found.Others)}.");
            }

            foreach (var (modality, minimum, maximum) in CheckpointParts.Ranges(path, cancellation))
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  template {modality,-6} {minimum:G6} to {maximum:G6}"));
            }

            ModelCommandFiles.PrintWritten(path);
            return Task.CompletedTask;
        });
        return command;
    }
}
