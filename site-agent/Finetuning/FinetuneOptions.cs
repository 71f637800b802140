using BrainMVP.Federated.Contracts.Finetuning;

namespace BrainMVP.Federated.SiteAgent.Finetuning;

/// <summary>What <c>finetune</c> was asked for. Paths are absolute.</summary>
public sealed record FinetuneOptions
{
    public required FinetuneTask Task { get; init; }

    public required string Data { get; init; }

    public required string Out { get; init; }

    /// <summary>Pre-trained model; null starts untrained.</summary>
    public string? Encoder { get; init; }

    public required IReadOnlyDictionary<string, string> Templates { get; init; }

    public required string Device { get; init; }

    /// <summary>Keep prepared volumes and checkpoints.</summary>
    public bool Keep { get; init; }
}
