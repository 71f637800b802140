namespace BrainMVP.Federated.Trust.Audit;

/// <summary>One entry of an audit log.</summary>
public sealed record AuditRecord
{
    /// <summary>Position, 0 for the first.</summary>
    public required long Seq { get; init; }

    /// <summary>Hash of the record before; 64 zeros for the first.</summary>
    public required string Prev { get; init; }

    /// <summary>UTC, ISO 8601 with milliseconds.</summary>
    public required string Time { get; init; }

    /// <summary>What happened, for example <c>round.committed</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Whom or what it is about.</summary>
    public required string Subject { get; init; }

    public IReadOnlyDictionary<string, string> Body { get; init; } = new Dictionary<string, string>();
}

/// <summary>Result of checking a log.</summary>
/// <param name="Records">Whole records before the first broken one.</param>
/// <param name="Head">Hash of the last of these; 64 zeros when there is none.</param>
/// <param name="FirstBroken">Position of the first record that was altered, -1 when the chain is whole.</param>
public sealed record AuditVerification(long Records, string Head, long FirstBroken)
{
    public bool IsWhole => FirstBroken < 0;
}
