using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>Plans and tasks of a study.</summary>
internal static class StudyPlans
{
    public static Plan Pretraining(StudySize size, Recipe recipe, int seed) => recipe.Change(Base(size, seed) with
    {
        Name = "study-pretraining",
        Rounds = new RoundsPlan { Count = size.Rounds, LocalSteps = size.Steps },
    });

    /// <param name="size">Steps and rates.</param>
    /// <param name="kind">One of <see cref="TaskKinds"/>.</param>
    /// <param name="method">How it learns.</param>
    /// <param name="seed">Of the training.</param>
    public static Plan Learning(StudySize size, string kind, Method method, int seed)
    {
        var basis = Base(size, seed);
        var plan = basis with
        {
            Name = $"study-{kind}",
            Rounds = Rounds(size, kind),
            Downstream = new DownstreamPlan { Kind = kind, Regions = ["WT=1+2+4", "TC=1+4"], Classes = ["0", "1"], LocalStems = true },
            Finetuning = new FinetuneTraining
            {
                BatchSize = 2,
                LearningRate = size.TaskLearningRate,
                WarmUp = 0.05,
                CheckpointEvery = size.TaskSteps,
                ReplacedModalities = 0,
                Patience = 0,
            },
            Split = new SplitPlan { HeldOut = 0 },
            Inference = new InferencePlan { Overlap = size.Overlap },
        };
        return method.Learning.Change(plan with { Training = plan.Training with { BatchNorm = "local" } });
    }

    /// <summary>Classes are learned in a quarter of the steps.</summary>
    private static RoundsPlan Rounds(StudySize size, string kind) => kind == TaskKinds.Segmentation
        ? new RoundsPlan { Count = size.TaskRounds, LocalSteps = size.TaskSteps }
        : new RoundsPlan { Count = size.TaskRounds / 4, LocalSteps = size.TaskSteps };

    /// <summary>The task of a plan where it is learned without a federation. Pooled people make larger steps: each of all sites' samples.</summary>
    public static FinetuneTask Task(Plan plan, Setting setting, int sites)
    {
        var task = plan.ToTask();
        return setting == Setting.Pooled ? task with { Training = task.Training with { Accumulation = task.Training.Accumulation * sites } } : task;
    }

    private static Plan Base(StudySize size, int seed)
    {
        var preset = Presets.Create(size.Preset);
        return preset with
        {
            Seed = seed,
            Modalities = StudySize.Modalities,
            Training = preset.Training with { HeldOut = 0.1, ValidationCrops = 1 },
            Quorum = preset.Quorum with { MinimumSites = size.Sites.Count, TrainDeadlineSeconds = 86400, SilentAfterSeconds = 600 },
        };
    }
}
