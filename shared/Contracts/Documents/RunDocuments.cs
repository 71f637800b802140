using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Contracts.Documents;

/// <summary>What a run is, fixed at submission and signed by the aggregator: sites approve exactly this plan hash.</summary>
public sealed record RunDocument
{
    public int ProtocolVersion { get; init; } = Protocol.Version;

    public required string Consortium { get; init; }

    public required string Run { get; init; }

    /// <summary>SHA-256 of the plan's canonical JSON.</summary>
    public required string PlanHash { get; init; }

    public required Plan Plan { get; init; }

    /// <summary>Artifact (safetensors) with the initial network weights and BatchNorm statistics.</summary>
    public required string InitialModel { get; init; }

    /// <summary>Artifact (safetensors) of the template that each modality starts from; one that is absent starts from zero. Null when none is given.</summary>
    public IReadOnlyDictionary<string, string>? InitialTemplates { get; init; }

    /// <summary>SHA-256 of the <see cref="LayoutDocument"/>.</summary>
    public required string LayoutHash { get; init; }

    /// <summary>Invited sites in ordinal order.</summary>
    public required IReadOnlyList<string> Sites { get; init; }

    /// <summary>What round 1 starts from by modality: <see cref="InitialTemplates"/>, or nothing.</summary>
    public IReadOnlyDictionary<string, string> FirstTemplates() => InitialTemplates ?? new Dictionary<string, string>();
}

/// <summary>The tensors that cross the wire, ordinal name order. Templates are named <c>template.MODALITY</c>.</summary>
public sealed record LayoutDocument
{
    public required IReadOnlyList<LayoutTensor> Tensors { get; init; }
}

/// <param name="Group"><c>network</c>, <c>batchNorm</c> or <c>template.MODALITY</c>.</param>
public sealed record LayoutTensor(string Name, string Group, IReadOnlyList<long> Shape);

/// <summary>Counts that a site publishes; never images, never identifiers.</summary>
public sealed record DataProfile
{
    /// <summary>Cases that can be trained on.</summary>
    public required int Cases { get; init; }

    /// <summary>Usable cases that have each modality. A modality is owned when its count is at least 1.</summary>
    public required IReadOnlyDictionary<string, int> CasesByModality { get; init; }

    /// <summary>Cases left out, by error number.</summary>
    public IReadOnlyDictionary<string, int> SkippedByReason { get; init; } = new Dictionary<string, int>();
}

/// <summary>A named person at a site approves a plan.</summary>
public sealed record ApprovalDocument
{
    public required string Site { get; init; }

    public required string PlanHash { get; init; }

    public required string ApprovedBy { get; init; }

    /// <summary>UTC, ISO 8601 with seconds.</summary>
    public required string ApprovedAt { get; init; }
}
