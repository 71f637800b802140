using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.SiteAgent.Trainer;
using BrainMVP.Federated.Training.Finetuning;

namespace BrainMVP.Federated.SiteAgent.Finetuning;

/// <summary>Content of <c>summary.json</c> of a fine-tuning.</summary>
public sealed record FinetuneSummary
{
    /// <summary>SHA-256 of the task.</summary>
    public required string Task { get; init; }

    public required string Kind { get; init; }

    public required int Steps { get; init; }

    /// <summary>Steps behind the model that was kept.</summary>
    public required int BestStep { get; init; }

    /// <summary>Its validation score; null without validation cases.</summary>
    public double? BestScore { get; init; }

    public required IReadOnlyList<FinetuneValidation> Validations { get; init; }

    /// <summary>Names of the cases by side: training, validation, test.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Split { get; init; }

    /// <summary>What was taken over from the pre-trained model; null when the network started untrained.</summary>
    public PretrainedStart? Start { get; init; }

    public required double SecondsPerStep { get; init; }

    public required long PeakMemoryBytes { get; init; }

    public long DeviceMemoryBytes { get; init; }

    public required IReadOnlyList<UnusedCase> Unused { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    public static FinetuneSummary Of(FinetuneTask task, FinetuneResult result) => new()
    {
        Task = CanonicalJson.Hash(task),
        Kind = task.Kind,
        Steps = result.Outcome.Steps,
        BestStep = result.Outcome.BestStep,
        BestScore = result.Outcome.BestScore,
        Validations = result.Outcome.Validations,
        Split = result.Outcome.Split,
        Start = result.Outcome.Start,
        SecondsPerStep = result.Outcome.TrainSeconds / result.Outcome.Steps,
        PeakMemoryBytes = result.Outcome.PeakMemoryBytes,
        DeviceMemoryBytes = result.Outcome.DeviceMemoryBytes,
        Unused = result.Unused,
        Notes = result.Outcome.Notes,
    };
}
