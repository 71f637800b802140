namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>Where a run stands.</summary>
public enum RunPhase
{
    AwaitingApprovals,
    Running,

    /// <summary>All rounds are committed; sites evaluate the final model.</summary>
    Evaluating,
    Completed,
    Aborted,

    /// <summary>Submitted, and not shown to the sites yet. At the end, because states are stored by their numbers.</summary>
    Draft,

    /// <summary>The final model is evaluated; sites measure each other's models.</summary>
    Comparing,
}

/// <summary>A committed round.</summary>
[GenerateSerializer, Immutable]
public sealed record CommitEntry(
    [property: Id(0)] int Round,
    [property: Id(1)] int Attempt,
    [property: Id(2)] string Document,
    [property: Id(3)] string Model,
    [property: Id(4)] IReadOnlyDictionary<string, string> Templates,
    [property: Id(5)] string? Control = null);

/// <summary>An approval document and the person it names.</summary>
[GenerateSerializer, Immutable]
public sealed record ApprovalEntry([property: Id(0)] string Document, [property: Id(1)] string By);

/// <summary>Everything a run remembers. Immutable; each change is written before it shows.</summary>
[GenerateSerializer, Immutable]
public sealed record RunState
{
    /// <summary>Version of this document; readers accept their own and older ones.</summary>
    [Id(0)] public int Version { get; init; } = 1;

    [Id(1)] public RunPhase Phase { get; init; }

    /// <summary>The signed <c>RunDocument</c>.</summary>
    [Id(2)] public required string Document { get; init; }

    [Id(3)] public required IReadOnlyList<string> Sites { get; init; }

    [Id(4)] public IReadOnlyDictionary<string, ApprovalEntry> Approvals { get; init; } = new Dictionary<string, ApprovalEntry>();

    /// <summary>Sites that refused the plan, with the reason.</summary>
    [Id(5)] public IReadOnlyDictionary<string, string> Refusals { get; init; } = new Dictionary<string, string>();

    /// <summary>Sites that an administrator left out of the rest of the run, with the reason.</summary>
    [Id(6)] public IReadOnlyDictionary<string, string> Dropped { get; init; } = new Dictionary<string, string>();

    /// <summary>Instant at which waiting for approvals or evaluations ends.</summary>
    [Id(7)] public DateTimeOffset Deadline { get; init; }

    /// <summary>The open or last round, 0 before the first.</summary>
    [Id(8)] public int Round { get; init; }

    /// <summary>Attempt of the open round and of those after it: 1, and one more for each time the run was rolled back.</summary>
    [Id(9)] public int Attempt { get; init; }

    /// <summary>Current global model.</summary>
    [Id(10)] public required string Model { get; init; }

    [Id(11)] public IReadOnlyDictionary<string, string> Templates { get; init; } = new Dictionary<string, string>();

    [Id(12)] public IReadOnlyList<CommitEntry> Commits { get; init; } = [];

    /// <summary>Evaluation documents of the final model by site.</summary>
    [Id(13)] public IReadOnlyDictionary<string, string> Evaluations { get; init; } = new Dictionary<string, string>();

    /// <summary>Why the run waits for a person, or why it was aborted.</summary>
    [Id(14)] public string Reason { get; init; } = "";

    /// <summary>An administrator paused the run: no new round opens.</summary>
    [Id(15)] public bool Paused { get; init; }

    /// <summary>An administrator closed the current wait with what is there.</summary>
    [Id(16)] public bool CloseNow { get; init; }

    /// <summary>Rounds that were committed and no longer count, because the run was rolled back.</summary>
    [Id(17)] public IReadOnlyList<CommitEntry> RolledBack { get; init; } = [];

    /// <summary>Current control variate of the federation; null while it is zero, or without SCAFFOLD.</summary>
    [Id(18)] public string? Control { get; init; }

    /// <summary>Comparison documents of the sites' own models by site of the cases.</summary>
    [Id(19)] public IReadOnlyDictionary<string, string> Comparisons { get; init; } = new Dictionary<string, string>();

    /// <summary>The open or last round's own state, and not what an attempt that was rolled back left there.</summary>
    public Rounds.RoundState? Own(Rounds.RoundState? round) => round is not null && round.Attempt == Attempt ? round : null;

    public bool IsFinal => Phase is RunPhase.Completed or RunPhase.Aborted;

    /// <summary>Sites that approved and were not dropped, ordinal order.</summary>
    public IReadOnlyList<string> Members => [.. Approvals.Keys.Where(s => !Dropped.ContainsKey(s)).Order(StringComparer.Ordinal)];
}
