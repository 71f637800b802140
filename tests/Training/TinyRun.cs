using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Evaluation;
using BrainMVP.Federated.Training.Models;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.Training.Tests;

/// <summary>A folder with an initial model and cases small enough for a round in a second.</summary>
internal sealed class TinyRun : IDisposable
{
    public TinyRun(Func<Plan, Plan>? change = null, string[]? modalities = null)
    {
        Folder = Directory.CreateTempSubdirectory("training-").FullName;
        Plan = new Plan
        {
            Name = "tiny",
            Preset = "demo",
            Modalities = ["flair", "t1", "t2"],
            Rounds = new RoundsPlan { Count = 3, LocalSteps = 7 },
            Network = new NetworkPlan { Widths = [4, 6, 8, 12], Depths = [1, 1, 1, 1], HeadWidth = 4, MlpRatio = 2 },
            Imaging = new ImagingPlan { SpacingMm = 4, Canvas = [24, 28, 24], Crop = [16, 16, 16] },
            Training = new TrainingPlan
            {
                BatchSize = 2,
                Accumulation = 2,
                LearningRate = 2e-3,
                TemplateLearningRate = 2e-2,
                MaskCell = 4,
                CrossModalStart = 0.4,
                ContrastiveStart = 0.7,
                CheckpointEvery = 3,
                HeldOut = 0.25,
            },
        };
        Plan = change?.Invoke(Plan) ?? Plan;
        Cases = SyntheticHeads.Create(6, modalities ?? ["t1", "t2"], [20, 22, 18], [24, 28, 24]);
        ModelPath = Path.Combine(Folder, "global.safetensors");
        ModelInitializer.Write(Plan, ModelPath);
    }

    public string Folder { get; }

    public Plan Plan { get; }

    public IReadOnlyList<TrainingCase> Cases { get; }

    public string ModelPath { get; }

    public RoundJob Job(string name, int round = 1, string? snapshot = null) => new()
    {
        Plan = Plan,
        Site = "north",
        Round = round,
        ModelPath = ModelPath,
        TemplatePaths = new Dictionary<string, string>(),
        DataFolder = Folder,
        SnapshotFolder = snapshot,
        JobFolder = Path.Combine(Folder, name),
    };

    public EvaluationJob Evaluation() => new()
    {
        Plan = Plan,
        Site = "north",
        ModelPath = ModelPath,
        TemplatePaths = new Dictionary<string, string>(),
        DataFolder = Folder,
    };

    public RoundOutcome Train(RoundJob job, Action<TrainingProgress>? progress = null, CancellationTokenSource? stop = null) =>
        RoundTrainer.Run(job, Cases, progress ?? (_ => { }), stop?.Token ?? TestContext.Current.CancellationToken);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
