using System.Globalization;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.SiteAgent.Trainer;

namespace BrainMVP.Federated.SiteAgent.Finetuning;

/// <summary>What a person sees while a task is learned or applied: one line that moves, or now and then a line in a log.</summary>
internal sealed class TaskConsole(TimeProvider time)
{
    private readonly ProgressLine _line = new(time);
    private readonly StepPace _pace = new(time);

    public static void Effective(FinetuneOptions options)
    {
        var (task, training) = (options.Task, options.Task.Training);
        var outputs = task.Kind == TaskKinds.Segmentation ? string.Join(", ", task.Regions) : string.Join(", ", task.Classes);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{task.Name}: {task.Kind} of {outputs} from {string.Join(", ", task.Modalities)}; {task.Network.Backbone}, at most {training.Steps} steps of {training.Accumulation} x {training.BatchSize} cases, crop {string.Join('x', task.Imaging.Crop)}, {training.Precision}, device {options.Device}, {training.Threads} CPU thread(s)."));
        var templates = task.Modalities.Where(options.Templates.ContainsKey).ToArray();
        Console.WriteLine($"Starts from {options.Encoder ?? "untrained weights"}; templates of {(templates.Length > 0 ? string.Join(", ", templates) : "no modality")}{(training.ReplacedModalities > 0 && templates.Length == 0 ? ", so nothing is replaced by templates" : "")}.");
    }

    public void Show(long steps, TrainerLine line)
    {
        if (line.Note.Length > 0)
        {
            EndLine();
            Console.WriteLine(line.Note);
            return;
        }

        var text = line.Phase switch
        {
            "prepare" => $"Preparing cases {line.Done}/{line.Total}",
            "evaluate" => $"Validating {line.Done}/{line.Total} cases",
            "predict" => $"Predicting {line.Done}/{line.Total} cases",
            _ => string.Create(CultureInfo.InvariantCulture, $"Step {line.Done}/{steps}  loss {line.Loss:F5}{_pace.Text(line.Done, steps - line.Done)}"),
        };
        // There are many validations, each with its own last case.
        _line.Show(text, isMilestone: line.Phase != "evaluate" && line.Done == line.Total);
    }

    public void EndLine() => _line.EndLine();

    public static void End(FinetuneFolder folder, FinetuneTask task, FinetuneResult result)
    {
        var outcome = result.Outcome;
        foreach (var unused in result.Unused)
        {
            Console.WriteLine($"  {unused.Name} is left out: {unused.Error} {unused.Detail}");
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{outcome.Split["training"].Count} cases trained, {outcome.Split["validation"].Count} validated, {outcome.Split["test"].Count} are left for testing."));
        var score = outcome.BestScore is { } best ? string.Create(CultureInfo.InvariantCulture, $"; kept step {outcome.BestStep}, {(task.Kind == TaskKinds.Segmentation ? "mean Dice" : "AUC")} {best:F4}") : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{outcome.Steps} steps: {outcome.TrainSeconds / outcome.Steps:F2} s/step, {PeakMemory.Text(outcome.PeakMemoryBytes, outcome.DeviceMemoryBytes)}{score}."));
        Console.WriteLine($"{folder.Model} holds the model, {folder.Report} shows its training. Next: site-agent predict --model {folder.Root} --data DATA --out PREDICTIONS");
    }
}
