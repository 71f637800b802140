using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.SiteAgent.Trainer;
using Spectre.Console;

namespace BrainMVP.Federated.SiteAgent.Pretraining;

/// <summary>What a person sees while a local pre-training runs: one line that moves, or now and then a line in a log.</summary>
internal sealed class PretrainConsole(TimeProvider time)
{
    private readonly ProgressLine _line = new(time);
    private readonly StepPace _pace = new(time);
    private int _round = -1;

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
        _line.Show(text, isMilestone: line.Done == line.Total);
    }

    public void EndLine() => _line.EndLine();

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
        if (_round != round)
        {
            _round = round;
            _pace.Restart();
        }

        var left = ((plan.Rounds.Count - round) * (long)plan.Rounds.LocalSteps) + line.Total - line.Done;
        return string.Create(CultureInfo.InvariantCulture, $"Round {round}/{plan.Rounds.Count}  step {line.Done}/{line.Total}  loss {line.Loss:F5}{_pace.Text(line.Done, left)}");
    }
}
