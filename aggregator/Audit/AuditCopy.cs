namespace BrainMVP.Federated.Aggregator.Audit;

/// <summary>Where the audit log is kept besides its file.</summary>
/// <param name="Objects">Null for the file alone.</param>
public sealed record AuditCopy(AuditObjects? Objects);
