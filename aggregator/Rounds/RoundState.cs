namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>Where a round stands.</summary>
public enum RoundPhase
{
    /// <summary>Not opened.</summary>
    None,

    /// <summary>Steps 1 to 3: sites train and report.</summary>
    Training,

    /// <summary>Steps 4 and 5: the roster is published, sites upload.</summary>
    Uploading,

    /// <summary>Step 6: shards are summed and the next model is built.</summary>
    Summing,

    /// <summary>Step 7: the commit is published.</summary>
    Committed,

    /// <summary>The run was aborted.</summary>
    Abandoned,
}

/// <summary>What the state keeps of a site's report; the report itself is a document.</summary>
/// <param name="Modalities">Modalities to whose templates the site contributes.</param>
[GenerateSerializer, Immutable]
public sealed record ReportEntry(
    [property: Id(0)] string Document,
    [property: Id(1)] int Steps,
    [property: Id(2)] int Cases,
    [property: Id(3)] double Loss,
    [property: Id(4)] DateTimeOffset At,
    [property: Id(5)] IReadOnlyList<string>? Modalities = null);

/// <summary>What the state keeps of a site's upload; the manifest is a document, the chunks are files.</summary>
[GenerateSerializer, Immutable]
public sealed record UploadEntry(
    [property: Id(0)] string Manifest,
    [property: Id(1)] long Bytes,
    [property: Id(2)] bool Complete,
    [property: Id(3)] DateTimeOffset At);

/// <summary>Everything a round remembers. Immutable; each change is written before it shows.</summary>
[GenerateSerializer, Immutable]
public sealed record RoundState
{
    /// <summary>Version of this document; readers accept their own and older ones.</summary>
    [Id(0)] public int Version { get; init; } = 1;

    [Id(1)] public RoundPhase Phase { get; init; }

    [Id(2)] public required string Run { get; init; }

    [Id(3)] public required int Round { get; init; }

    [Id(4)] public required int Attempt { get; init; }

    /// <summary>The signed <c>RoundOpenDocument</c>.</summary>
    [Id(5)] public required string Open { get; init; }

    [Id(6)] public required IReadOnlyList<string> Invited { get; init; }

    /// <summary>Instant at which the current step ends whatever is there.</summary>
    [Id(7)] public DateTimeOffset Deadline { get; init; }

    [Id(8)] public IReadOnlyDictionary<string, ReportEntry> Reports { get; init; } = new Dictionary<string, ReportEntry>();

    /// <summary>Sites that will not be in this round, with the reason.</summary>
    [Id(9)] public IReadOnlyDictionary<string, string> Dropouts { get; init; } = new Dictionary<string, string>();

    /// <summary>The signed <c>RosterDocument</c>, empty before.</summary>
    [Id(10)] public string Roster { get; init; } = "";

    [Id(11)] public IReadOnlyDictionary<string, UploadEntry> Uploads { get; init; } = new Dictionary<string, UploadEntry>();

    /// <summary>Sites whose updates are summed; fixed when summing starts.</summary>
    [Id(12)] public IReadOnlyList<string> Arrived { get; init; } = [];

    /// <summary>Number of shards; fixed when summing starts.</summary>
    [Id(13)] public int Shards { get; init; }

    /// <summary>The signed <c>RoundCommitDocument</c>, empty before.</summary>
    [Id(14)] public string Commit { get; init; } = "";

    /// <summary>Model and templates of the commit.</summary>
    [Id(15)] public string Model { get; init; } = "";

    [Id(16)] public IReadOnlyDictionary<string, string> Templates { get; init; } = new Dictionary<string, string>();

    /// <summary>Why the round waits for a person, empty while it does not.</summary>
    [Id(17)] public string PauseReason { get; init; } = "";

    /// <summary>An administrator closed the current step with what is there.</summary>
    [Id(18)] public bool CloseNow { get; init; }

    /// <summary>When each step was reached: opened, roster, summing, committed.</summary>
    [Id(19)] public IReadOnlyDictionary<string, DateTimeOffset> Times { get; init; } = new Dictionary<string, DateTimeOffset>();

    /// <summary>Sites in the roster.</summary>
    [Id(20)] public IReadOnlyList<string> Participants { get; init; } = [];

    /// <summary>Sites that the plan's rule keeps of each tensor group; null before the choice, or without one.</summary>
    [Id(21)] public IReadOnlyDictionary<string, IReadOnlyList<string>>? Kept { get; init; }

    /// <summary>Modalities that the opening shares.</summary>
    [Id(22)] public IReadOnlyList<string> Shared { get; init; } = [];

    /// <summary>Since when the round waits for room on the disk; null while it does not.</summary>
    [Id(23)] public DateTimeOffset? RoomAwaitedSince { get; init; }

    /// <summary>Bytes that it waits for.</summary>
    [Id(24)] public long RoomNeeded { get; init; }

    /// <summary>Control variate of the commit; null while it is zero, or without SCAFFOLD.</summary>
    [Id(25)] public string? Control { get; init; }

    /// <summary>True when nothing will change any more.</summary>
    public bool IsFinal => Phase is RoundPhase.Committed or RoundPhase.Abandoned;
}
