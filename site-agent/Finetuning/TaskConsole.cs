using System.Globalization;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.SiteAgent.Trainer;

namespace BrainMVP.Federated.SiteAgent.Finetuning;

/// <summary>What a person sees while a task is learned or applied: one line that moves, or now and then a line in a log.</summary>
internal sealed class TaskConsole(TimeProvider time)
{
    private static readonly TimeSpan BetweenLogLines = TimeSpan.FromSeconds(10);

    private readonly bool _terminal = !Console.IsOutputRedirected;
    private (long Done, long Began)? _first;
    private long? _lastLine;
    private int _width;

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
            _ => Step(steps, line),
        };
        var now = time.GetTimestamp();
        if (_terminal)
        {
            Console.Write('\r' + text.PadRight(_width));
            _width = text.Length;
        }
        else if ((line.Phase != "evaluate" && line.Done == line.Total) || _lastLine is not { } last || time.GetElapsedTime(last, now) > BetweenLogLines)
        {
            Console.WriteLine(text);
            _lastLine = now;
        }
    }

    public void EndLine()
    {
        if (_terminal && _width > 0)
        {
            Console.WriteLine();
            _width = 0;
        }
    }

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

    private string Step(long steps, TrainerLine line)
    {
        var now = time.GetTimestamp();
        _first ??= (line.Done, now);
        var done = line.Done - _first.Value.Done;
        var speed = "";
        if (done > 0)
        {
            var each = time.GetElapsedTime(_first.Value.Began, now).TotalSeconds / done;
            speed = string.Create(CultureInfo.InvariantCulture, $"  {each:F2} s/step  at most {TimeSpan.FromSeconds(Math.Min(each * (steps - line.Done), 1e9)):d\\.hh\\:mm\\:ss} left");
        }

        return string.Create(CultureInfo.InvariantCulture, $"Step {line.Done}/{steps}  loss {line.Loss:F5}{speed}");
    }
}
