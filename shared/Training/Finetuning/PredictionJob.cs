using BrainMVP.Federated.Contracts.Finetuning;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>Cases to be labelled by a fine-tuned model.</summary>
public sealed record PredictionJob
{
    public required string ModelPath { get; init; }

    /// <summary>What the model labels; null where its file says it. Models of a federated run do not.</summary>
    public FinetuneTask? Task { get; init; }

    /// <summary>Modality to a template's file.</summary>
    public required IReadOnlyDictionary<string, string> TemplatePaths { get; init; }

    /// <summary>Folder or CSV manifest with the volumes; labels are not needed.</summary>
    public required string DataPath { get; init; }

    /// <summary>Receives the predictions.</summary>
    public required string Out { get; init; }

    /// <summary>How volumes are labelled; null for what the task says.</summary>
    public InferencePlan? Inference { get; init; }

    /// <summary>Modalities that are treated as missing.</summary>
    public IReadOnlyList<string> Hidden { get; init; } = [];

    /// <summary>Names of the cases; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Also write the probability of each region.</summary>
    public bool Probabilities { get; init; }

    public int Threads { get; init; } = 1;

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>; of several the first is used.</summary>
    public string Device { get; init; } = "cpu";
}

/// <summary>The prediction for one case.</summary>
/// <param name="Name">Subject and session.</param>
/// <param name="Missing">Channels that a template, or zeros, stood in for.</param>
/// <param name="Labels">File of the label map in the folder of predictions, on the grid of the case's reference series; empty for classification.</param>
/// <param name="Class">The most probable class; empty for segmentation.</param>
/// <param name="Scores">Probability of each class; for segmentation empty.</param>
/// <param name="Seconds">Of the network's work.</param>
public sealed record PredictedCase(string Name, IReadOnlyList<string> Missing, string Labels, string Class, IReadOnlyDictionary<string, double> Scores, double Seconds);

/// <summary>Content of predictions.json in a folder of predictions.</summary>
public sealed record PredictionDocument
{
    /// <summary>Name of the file in a folder of predictions.</summary>
    public const string FileName = "predictions.json";

    public required FinetuneTask Task { get; init; }

    /// <summary>SHA-256 of the model file.</summary>
    public required string Model { get; init; }

    /// <summary>Modalities that were treated as missing.</summary>
    public required IReadOnlyList<string> Hidden { get; init; }

    /// <summary>In ordinal order of names.</summary>
    public required IReadOnlyList<PredictedCase> Cases { get; init; }

    public required IReadOnlyList<UnusedCase> Unused { get; init; }
}
