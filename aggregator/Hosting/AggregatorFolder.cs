namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>Where an aggregator keeps what it keeps.</summary>
/// <param name="Root">The folder given with <c>--dir</c>.</param>
public sealed record AggregatorFolder(string Root)
{
    public string Database => Path.Combine(Root, "state.db");

    public string Artifacts => Path.Combine(Root, "artifacts");

    public string Documents => Path.Combine(Root, "documents");

    public string Uploads => Path.Combine(Root, "uploads");

    public string Sums => Path.Combine(Root, "sums");

    public string AuditLog => Path.Combine(Root, "audit.jsonl");

    public string LockFile => Path.Combine(Root, "aggregator.lock");

    public string Admin => Path.Combine(Root, "admin");

    /// <summary>Address the aggregator listens on, for the administrator's commands on the same machine.</summary>
    public string Address => Path.Combine(Root, "address");
}
