using BrainMVP.Federated.Contracts.Finetuning;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>Everything a trainer needs to learn a task.</summary>
public sealed record FinetuneJob
{
    public required FinetuneTask Task { get; init; }

    /// <summary>Pre-trained model to start from; null starts untrained.</summary>
    public string? EncoderPath { get; init; }

    /// <summary>Modality to a safetensors file with the tensor <c>template.MODALITY</c>.</summary>
    public required IReadOnlyDictionary<string, string> TemplatePaths { get; init; }

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>; of several the first is used.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Receives checkpoints and outputs; one trainer at a time.</summary>
    public required string JobFolder { get; init; }
}

/// <summary>A validation.</summary>
/// <param name="Step">Finished optimiser steps.</param>
/// <param name="Score">Segmentation: mean Dice over regions and cases. Classification: macro AUC, or accuracy where a class is missing.</param>
/// <param name="ByOutput">Mean Dice of each region, or AUC of each class; a class that did not occur is left out.</param>
/// <param name="Loss">Mean training loss since the validation before.</param>
public sealed record FinetuneValidation(int Step, double Score, IReadOnlyDictionary<string, double> ByOutput, double Loss);

/// <summary>What a fine-tuning gave.</summary>
public sealed record FinetuneOutcome
{
    /// <summary>Optimiser steps that were trained.</summary>
    public required int Steps { get; init; }

    /// <summary>Steps behind the weights that were kept.</summary>
    public required int BestStep { get; init; }

    /// <summary>Their validation score; null without validation cases.</summary>
    public double? BestScore { get; init; }

    public required IReadOnlyList<FinetuneValidation> Validations { get; init; }

    /// <summary>What was taken over from the pre-trained model; null when the network started untrained.</summary>
    public PretrainedStart? Start { get; init; }

    /// <summary>Names of the cases by side: training, validation, test.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Split { get; init; }

    /// <summary>The fine-tuned model, with the task in its metadata.</summary>
    public required string ModelPath { get; init; }

    public required double TrainSeconds { get; init; }

    public required long PeakMemoryBytes { get; init; }

    /// <summary>Largest use of the CUDA device after a step, by all processes; 0 without one.</summary>
    public long DeviceMemoryBytes { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];
}
