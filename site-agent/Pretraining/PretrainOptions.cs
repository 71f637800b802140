using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.SiteAgent.Pretraining;

/// <summary>What to pre-train without a federation.</summary>
public sealed record PretrainOptions
{
    public required Plan Plan { get; init; }

    /// <summary>Folder or CSV manifest with volumes.</summary>
    public required string Data { get; init; }

    /// <summary>Folder that receives everything.</summary>
    public required string Out { get; init; }

    /// <summary>Model to start from; null for the plan's untrained one.</summary>
    public string? Model { get; init; }

    /// <summary>Folder with <c>MODALITY.safetensors</c> to start from; null for zero templates.</summary>
    public string? Templates { get; init; }

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:N</c> or <c>all</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Keep the prepared volumes and the last round's folder.</summary>
    public bool Keep { get; init; }
}
