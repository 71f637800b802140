using System.CommandLine;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.SiteAgent.Finetuning;
using BrainMVP.Federated.SiteAgent.Trainer;
using BrainMVP.Federated.Training.Finetuning;
using BrainMVP.Federated.Training.Hosting;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>predict</c>: labels cases with a fine-tuned model.</summary>
public static class PredictCommand
{
    private static readonly Option<string> Model = new("--model") { Description = "Folder of a fine-tuning, or its model file.", HelpName = "PATH", Required = true };
    private static readonly Option<string> Data = new("--data") { Description = "Folder or CSV manifest with volumes.", HelpName = "PATH", Required = true };
    private static readonly Option<string> Output = new("--out") { Description = "Folder for the predictions.", HelpName = "DIR", Required = true };
    private static readonly Option<string?> PlanFile = new("--plan") { Description = "Plan of the supervised run that made the model; a model of finetune says itself what it labels.", HelpName = "FILE" };
    private static readonly Option<string?> Templates = new("--templates") { Description = "Folder with MODALITY.safetensors; templates/ beside the model without it.", HelpName = "DIR" };
    private static readonly Option<string?> Split = new("--split") { Description = "Only the cases that the fine-tuning left for this: test, validation or training.", HelpName = "SIDE" };
    private static readonly Option<string?> Cases = new("--cases") { Description = "Only these cases, names separated by commas.", HelpName = "A,B" };
    private static readonly Option<string?> Missing = new("--missing") { Description = "Treat these modalities as missing, separated by commas: what would templates make of it?", HelpName = "t2,flair" };
    private static readonly Option<double?> Overlap = new("--overlap") { Description = "Overlap of the windows, 0 to 0.95, instead of the task's.", HelpName = "F" };
    private static readonly Option<string?> Weights = new("--weights") { Description = "gaussian or constant, instead of the task's.", HelpName = "NAME" };
    private static readonly Option<bool> Flips = new("--flips") { Description = "Average over all eight mirror images." };
    private static readonly Option<bool> Probabilities = new("--probabilities") { Description = "Also write the probability of each region." };
    private static readonly Option<int?> Threads = new("--threads") { Description = "CPU threads instead of the task's.", HelpName = "N" };
    private static readonly Option<string> Device = new("--device") { Description = "auto, cpu, cuda or cuda:N.", HelpName = "DEVICE", DefaultValueFactory = _ => "auto" };

    public static Command Create()
    {
        Weights.AcceptOnlyFromAmong(WindowWeights.Gaussian, WindowWeights.Constant);
        Split.AcceptOnlyFromAmong("test", "validation", "training");
        var command = CommandShape.Create(
            "predict",
            "Labels cases with a fine-tuned model: label maps on the grid of the cases' own files, or classes.",
            "predict --model tumours --data /data/new --out predictions",
            "predict --model fold-2 --data /data/ms --out fold-2/test --split test",
            "predict --model tumours --data /data/new --out predictions --flips --probabilities",
            "predict --model tumours --data /data/brats --out without-t1c --split test --missing t1c",
            "predict --model global-model.safetensors --plan plan.yaml --data /data/new --out predictions");
        foreach (var option in (Option[])[Model, Data, Output, PlanFile, Templates, Split, Cases, Missing, Overlap, Weights, Flips, Probabilities, Threads, Device])
        {
            command.Add(option);
        }

        command.Does((result, _, cancellation) =>
        {
            TorchDevices.RequireWord(result.GetValue(Device)!);
            return new LocalPrediction(Read(result), new TrainerProcess(TimeProvider.System), TimeProvider.System).RunAsync(cancellation);
        });
        return command;
    }

    private static PredictionJob Read(ParseResult result)
    {
        var model = PretrainedFolder.ModelOf(result.GetRequiredValue(Model));
        var federated = result.GetValue(PlanFile) is { } path ? OfPlan(path) : null;
        var task = federated ?? DownstreamFile.ReadTask(model);
        var hidden = Words(result.GetValue(Missing));
        if (hidden.FirstOrDefault(m => !task.Modalities.Contains(m, StringComparer.Ordinal)) is { } unknown)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"--missing: the model's modalities are {string.Join(", ", task.Modalities)}, not {unknown}.");
        }

        task = task with
        {
            Inference = new InferencePlan
            {
                Overlap = result.GetValue(Overlap) ?? task.Inference.Overlap,
                Weights = result.GetValue(Weights) ?? task.Inference.Weights,
                Flips = result.GetValue(Flips) || task.Inference.Flips,
            },
        };
        FinetuneTaskRules.Check(task);
        return new PredictionJob
        {
            ModelPath = model,
            Task = federated,
            TemplatePaths = PretrainedFolder.TemplatesOf(result.GetValue(Templates), model),
            DataPath = Path.GetFullPath(result.GetRequiredValue(Data)),
            Out = Path.GetFullPath(result.GetRequiredValue(Output)),
            Inference = task.Inference,
            Hidden = [.. Modalities.All.Where(m => hidden.Contains(m, StringComparer.Ordinal))],
            Only = [.. Words(result.GetValue(Cases)), .. OfSplit(model, result.GetValue(Split))],
            Probabilities = result.GetValue(Probabilities),
            Threads = result.GetValue(Threads) ?? task.Training.Threads,
            Device = result.GetValue(Device)!,
        };
    }

    private static FinetuneTask OfPlan(string path)
    {
        var plan = PlanReader.ReadFile(path);
        return plan.IsSupervised() ? plan.ToTask() : throw ErrorCatalogue.ArgumentInvalid.With($"--plan: {path} is the plan of a pre-training; its model labels nothing.");
    }

    private static string[] Words(string? text) => text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static IReadOnlyList<string> OfSplit(string model, string? side)
    {
        if (side is null)
        {
            return [];
        }

        var path = Path.Combine(Path.GetDirectoryName(model)!, "summary.json");
        if (!File.Exists(path))
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"--split needs the fine-tuning's summary.json beside {model}.");
        }

        var cases = Contracts.Json.CanonicalJson.Read<FinetuneSummary>(File.ReadAllBytes(path)).Split[side];
        return cases.Count > 0 ? cases : throw ErrorCatalogue.NoLabelledCase.With($"The fine-tuning has no case of {side}; give its task split.folds or split.testCases.");
    }
}
