using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Contracts.Finetuning;

/// <summary>Rules over the fields of a task, checked when it is read and again by whoever receives it.</summary>
public static class FinetuneTaskRules
{
    /// <summary>Channels of one output; each has its own probability map in memory.</summary>
    public const int MostChannels = 64;

    /// <exception cref="FederationException">BMF-1007 or BMF-1012, naming the fields.</exception>
    public static void Check(FinetuneTask task)
    {
        Names.Require(task.Name, "task name");
        FieldRanges.Check(task, ErrorCatalogue.TaskInvalid);
        Demand(task.Modalities.Count > 0 && AllDifferent(task.Modalities), "modalities must name at least one modality, none twice.");
        try
        {
            // Crops and network have the rules of pre-training.
            PlanRules.Check(task.ToPlan() with { Rounds = new RoundsPlan(), Training = new TrainingPlan { MaskCell = 1, BatchSize = task.Training.BatchSize } });
        }
        catch (FederationException e) when (e.Code == ErrorCatalogue.PlanInconsistent)
        {
            throw ErrorCatalogue.TaskInvalid.With(e.Message, e);
        }

        if (task.Kind == TaskKinds.Segmentation)
        {
            Demand(task.Regions.Count is > 0 and <= MostChannels, $"regions must name 1 to {MostChannels} regions.");
            Demand(AllDifferent(LabelRegion.Of(task).Select(r => r.Name)), "regions names a region twice.");
            Demand(task.Training.DiceWeight + task.Training.CrossEntropyWeight > 0, "training.diceWeight and training.crossEntropyWeight are both 0.");
        }
        else
        {
            Demand(task.Classes.Count is > 1 and <= MostChannels && AllDifferent(task.Classes), $"classes must name 2 to {MostChannels} classes, none twice.");
        }

        foreach (var side in task.Imaging.Crop)
        {
            Demand(task.Modalities.Count > 1 || side % task.Training.MaskCell == 0, $"training.maskCell is {task.Training.MaskCell}; it must divide every side of imaging.crop ({side}).");
        }

        Demand(task.Split.Folds == 0 ? task.Split.Fold == 0 : task.Split.Folds > 1 && task.Split.Fold < task.Split.Folds,
            $"split.fold is {task.Split.Fold}; it must be below split.folds, which is 0 or at least 2.");
        Demand(task.Split.LabelFraction > 0, "split.labelFraction is 0; at least one case needs its labels.");
    }

    private static bool AllDifferent(IEnumerable<string> words)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return words.All(seen.Add);
    }

    private static void Demand(bool condition, string message)
    {
        if (!condition)
        {
            throw ErrorCatalogue.TaskInvalid.With(message);
        }
    }
}
