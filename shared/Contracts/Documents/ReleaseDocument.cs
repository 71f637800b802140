using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Contracts.Documents;

/// <summary>A file of a release.</summary>
/// <param name="Hash">SHA-256: its name in the artifact store.</param>
/// <param name="Bytes">1 or more.</param>
public sealed record ReleaseFile(string Hash, long Bytes);

/// <summary>What the consortium hands out of a run: the network and the templates after a committed round, and what they are.</summary>
public sealed record ReleaseDocument
{
    /// <summary>Until a release gate has examined the templates, releases are for the consortium itself.</summary>
    public const string ConsortiumTier = "consortium";

    /// <summary>No release gate has examined the templates.</summary>
    public const string GateAbsent = "absent";

    /// <summary>RUN-ROUND.</summary>
    public required string Name { get; init; }

    public required string Consortium { get; init; }

    public required string Run { get; init; }

    /// <summary>Committed round, 1 or higher.</summary>
    public required int Round { get; init; }

    /// <summary>Who may have it: <see cref="ConsortiumTier"/>.</summary>
    public required string Tier { get; init; }

    /// <summary>What a gate said: <see cref="GateAbsent"/>.</summary>
    public required string Gate { get; init; }

    public required string PlanHash { get; init; }

    public required Plan Plan { get; init; }

    /// <summary>Hash of the signed commit that made the model.</summary>
    public required string Commit { get; init; }

    /// <summary>Safetensors of the network.</summary>
    public required ReleaseFile Model { get; init; }

    /// <summary>Safetensors of each modality's template.</summary>
    public required IReadOnlyDictionary<string, ReleaseFile> Templates { get; init; }

    /// <summary>Markdown for people: data, training, quality, limits.</summary>
    public required ReleaseFile Card { get; init; }

    /// <summary>UTC, ISO 8601.</summary>
    public required string ReleasedAt { get; init; }
}
