using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Training.Evaluation;

/// <summary>A model to measure at one site.</summary>
public sealed record EvaluationJob
{
    public required Plan Plan { get; init; }

    /// <summary>Site name: part of the name of every random stream.</summary>
    public required string Site { get; init; }

    /// <summary>Safetensors of the network.</summary>
    public required string ModelPath { get; init; }

    /// <summary>Template files by modality; an absent modality is zero.</summary>
    public required IReadOnlyDictionary<string, string> TemplatePaths { get; init; }

    /// <summary>The prepared data set.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Snapshot of the last committed round: the site's own batch normalisations where the plan keeps them local.</summary>
    public string? SnapshotFolder { get; init; }

    /// <summary>File that receives the model as this site uses it, with what it keeps of its own, as a fine-tuned model; none when empty. For supervised plans.</summary>
    public string OwnModelPath { get; init; } = "";

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:N</c> or <c>all</c>; the first device is used.</summary>
    public string Device { get; init; } = "cpu";
}
