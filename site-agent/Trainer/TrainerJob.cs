using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Training.Finetuning;

namespace BrainMVP.Federated.SiteAgent.Trainer;

/// <summary>What a trainer process is started for.</summary>
public enum TrainerTask
{
    /// <summary>Scan the data and prepare it for the plan.</summary>
    Prepare,

    /// <summary>Train one round.</summary>
    Train,

    /// <summary>Evaluate a model on the held-out cases.</summary>
    Evaluate,

    /// <summary>Prepare labelled data and learn a downstream task.</summary>
    Finetune,

    /// <summary>Label cases with a fine-tuned model.</summary>
    Predict,

    /// <summary>Score sites' models on the held-out cases.</summary>
    Compare,
}

/// <summary>The job file of a trainer process. Paths are absolute.</summary>
public sealed record TrainerJob
{
    public required TrainerTask Task { get; init; }

    public required Plan Plan { get; init; }

    public required string Site { get; init; }

    /// <summary>Folder or manifest with the site's volumes; for <see cref="TrainerTask.Prepare"/>.</summary>
    public string DataPath { get; init; } = "";

    /// <summary>Folders that may hold the same cases already; for <see cref="TrainerTask.Prepare"/>.</summary>
    public IReadOnlyList<string> ReuseFolders { get; init; } = [];

    /// <summary>Folder of the prepared data set.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Round, 0 outside rounds.</summary>
    public int Round { get; init; }

    public string ModelPath { get; init; } = "";

    public IReadOnlyDictionary<string, string> TemplatePaths { get; init; } = new Dictionary<string, string>();

    /// <summary>The federation's control variate; null for zeros, or without SCAFFOLD.</summary>
    public string? ControlPath { get; init; }

    /// <summary>Optimiser snapshot to start from; null for fresh moments.</summary>
    public string? SnapshotFolder { get; init; }

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:N</c> or <c>all</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>File that receives a picture of reconstructions; for <see cref="TrainerTask.Evaluate"/>, none when empty.</summary>
    public string PicturePath { get; init; } = "";

    /// <summary>File that receives the model as this site uses it; for <see cref="TrainerTask.Evaluate"/> of a supervised plan, none when empty.</summary>
    public string OwnModelPath { get; init; } = "";

    /// <summary>Files of the sites' own models by site; for <see cref="TrainerTask.Compare"/>.</summary>
    public IReadOnlyDictionary<string, string> OwnModelPaths { get; init; } = new Dictionary<string, string>();

    /// <summary>What is learned; for <see cref="TrainerTask.Finetune"/>, which starts from <see cref="ModelPath"/> where there is one.</summary>
    public FinetuneTask? Downstream { get; init; }

    /// <summary>What is labelled; for <see cref="TrainerTask.Predict"/>.</summary>
    public PredictionJob? Prediction { get; init; }

    /// <summary>Receives checkpoints, outputs, <c>trainer.log</c> and <c>result.json</c>.</summary>
    public required string JobFolder { get; init; }
}

/// <summary>One case of a prepared data set.</summary>
/// <param name="Problem">Error number and sentence when the case was left out; null when it is usable.</param>
/// <param name="Notes">What happened to a usable case, for example that a series was resampled.</param>
public sealed record CaseSummary(string Subject, IReadOnlyList<string> Modalities, string? Problem, IReadOnlyList<string> Notes);

/// <summary>Result of <see cref="TrainerTask.Prepare"/>.</summary>
public sealed record PreparedSummary
{
    public required DataProfile Profile { get; init; }

    public required IReadOnlyList<CaseSummary> Cases { get; init; }
}

/// <summary>Result of <see cref="TrainerTask.Evaluate"/>.</summary>
public sealed record EvaluationResult
{
    public required IReadOnlyDictionary<string, ValidationSum> Validation { get; init; }

    /// <summary>By region or class; null unless the plan is supervised.</summary>
    public IReadOnlyDictionary<string, ScoreSum>? Scores { get; init; }
}

/// <summary>Result of <see cref="TrainerTask.Compare"/>.</summary>
/// <param name="Scores">By site of the model, then by region or class.</param>
public sealed record ComparisonResult(IReadOnlyDictionary<string, IReadOnlyDictionary<string, ScoreSum>> Scores);

/// <summary>Result of <see cref="TrainerTask.Finetune"/>.</summary>
/// <param name="Outcome">What was learned.</param>
/// <param name="Cases">Labelled cases that can be used.</param>
/// <param name="Unused">Cases that were left out, and why.</param>
public sealed record FinetuneResult(FinetuneOutcome Outcome, int Cases, IReadOnlyList<UnusedCase> Unused);

/// <summary>Why a trainer gave up, with a number of the error catalogue.</summary>
public sealed record TrainerFailure(string Code, string Detail);

/// <summary>One line of a trainer's standard output.</summary>
public sealed record TrainerLine(string Phase, long Done, long Total, double Loss, string Note = "");
