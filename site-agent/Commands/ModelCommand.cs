using System.CommandLine;
using System.Security.Cryptography;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Training.Models;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>model</c>: model files. Here and not at the aggregator, which has no libtorch.</summary>
public static class ModelCommand
{
    public static Command Create()
    {
        var plan = new Argument<string>("plan") { Description = "Plan file, YAML.", HelpName = "PLAN" };
        var target = new Option<string>("--out") { Description = "Model file to write, safetensors.", HelpName = "FILE", Required = true };
        var init = CommandShape.Create("init", "Writes the untrained model of a plan. The same plan always gives the same bytes.", "model init plan.yaml --out initial.safetensors");
        init.Add(plan);
        init.Add(target);
        init.Does((result, _) =>
        {
            var read = PlanReader.ReadFile(result.GetValue(plan)!);
            var path = Path.GetFullPath(result.GetValue(target)!);
            ModelInitializer.Write(read, path);
            using var written = File.OpenRead(path);
            Console.WriteLine($"Wrote {path}, SHA-256 {Convert.ToHexStringLower(SHA256.HashData(written))}.");
        });
        var command = CommandShape.Create("model", "Makes model files.", "model init plan.yaml --out initial.safetensors");
        command.Add(init);
        return command;
    }
}
