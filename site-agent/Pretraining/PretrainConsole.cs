using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.SiteAgent.Trainer;
using Spectre.Console;

namespace BrainMVP.Federated.SiteAgent.Pretraining;

/// <summary>What a person sees while a local pre-training runs: one line that moves, or now and then a line in a log.</summary>
internal sealed class PretrainConsole(TimeProvider time)
{
    private static readonly TimeSpan BetweenLogLines = TimeSpan.FromSeconds(10);

    private readonly bool _terminal = !Console.IsOutputRedirected;
    private (int Round, long Done, long Began) _first = (-1, 0, 0);
    private long? _lastLine;
    private int _width;

    public static void Effective(Plan plan, string device)
    {
        var (training, crop) = (plan.Training, plan.Imaging.Crop);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{plan.Name}: {plan.Network.Backbone}, {plan.Rounds.Count} x {plan.Rounds.LocalSteps} steps of {training.Accumulation} x {training.BatchSize} = {training.Accumulation * training.BatchSize} cases, crop {string.Join('x', crop)}, {training.Precision}, device {device}, {training.Threads} CPU thread(s)."));
    }

    public static void Prepared(PreparedSummary summary)
    {
        foreach (var item in summary.Cases.Where(c => c.Problem is not null))
        {
            Console.WriteLine($"  {item.Subject} is left out: {item.Problem}");
        }

        Console.WriteLine($"{summary.Profile.Cases} usable cases: {string.Join(", ", summary.Profile.CasesByModality.Where(m => m.Value > 0).Select(m => $"{m.Key} {m.Value}"))}.");
    }

    public void Show(TrainerTask task, int round, Plan plan, TrainerLine line)
    {
        if (line.Note.Length > 0)
        {
            EndLine();
            Console.WriteLine($"Note: {line.Note}");
            return;
        }

        var text = task switch
        {
            TrainerTask.Prepare => $"Preparing cases {line.Done}/{line.Total}",
            TrainerTask.Train when line.Phase == "train" => Step(round, plan, line),
            TrainerTask.Train when line.Phase == "prepare" => $"Round {round}/{plan.Rounds.Count}: loading",
            _ => $"Validating {line.Done}/{line.Total} samples",
        };
        var now = time.GetTimestamp();
        if (_terminal)
        {
            Console.Write('\r' + text.PadRight(_width));
            _width = text.Length;
        }
        else if (line.Done == line.Total || _lastLine is not { } last || time.GetElapsedTime(last, now) > BetweenLogLines)
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

    public static void Round(PretrainRound round, Plan plan) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"Round {round.Round}/{plan.Rounds.Count}: loss {round.Losses["total"]:F5} (template view {round.Losses["templateView"]:F5}, cross-modal view {round.Losses["crossModalView"]:F5}), {round.Seconds / round.Steps:F2} s/step, {PeakMemory.Text(round.PeakMemoryBytes, round.DeviceMemoryBytes)}."));

    public static void End(PretrainFolder folder, Plan plan, PretrainProgress progress, IReadOnlyDictionary<string, ValidationSum> final)
    {
        var steps = progress.Rounds.Sum(r => r.Steps);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{steps} steps: {progress.Rounds.Sum(r => r.Seconds) / steps:F2} s/step, {PeakMemory.Text(progress.Rounds.Max(r => r.PeakMemoryBytes), progress.Rounds.Max(r => r.DeviceMemoryBytes))}."));
        PretrainResults.Table(progress.Rounds[0].Validation, final);
        Console.WriteLine($"{folder.Model} and {folder.Templates} hold the result; {folder.Reconstructions} and {folder.TemplatePicture} show it.");
    }

    private string Step(int round, Plan plan, TrainerLine line)
    {
        var now = time.GetTimestamp();
        if (_first.Round != round)
        {
            _first = (round, line.Done, now);
        }

        var done = line.Done - _first.Done;
        var speed = "";
        if (done > 0)
        {
            var each = time.GetElapsedTime(_first.Began, now).TotalSeconds / done;
            var left = ((plan.Rounds.Count - round) * (long)plan.Rounds.LocalSteps) + line.Total - line.Done;
            speed = string.Create(CultureInfo.InvariantCulture, $"  {each:F2} s/step  {TimeSpan.FromSeconds(Math.Min(each * left, 1e9)):d\\.hh\\:mm\\:ss} left");
        }

        return string.Create(CultureInfo.InvariantCulture, $"Round {round}/{plan.Rounds.Count}  step {line.Done}/{line.Total}  loss {line.Loss:F5}{speed}");
    }
}
