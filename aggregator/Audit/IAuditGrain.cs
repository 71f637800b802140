namespace BrainMVP.Federated.Aggregator.Audit;

/// <summary>The consortium's audit log: a hash chain of everything that changed rights, plans or models. One grain, key <c>audit</c>.</summary>
[Alias("BrainMVP.Federated.IAuditGrain")]
public interface IAuditGrain : IGrainWithStringKey
{
    /// <summary>The one key.</summary>
    const string Key = "audit";

    /// <summary>Hash of the last record.</summary>
    [Alias("Head")]
    Task<string> Head();

    /// <summary>Appends a record unless the same kind and subject are already there; answers the head.</summary>
    [Alias("AppendOnce")]
    Task<string> AppendOnce(string kind, string subject, IReadOnlyDictionary<string, string> body);

    /// <summary>Checks the whole chain.</summary>
    [Alias("Verify")]
    Task<AuditCheck> Verify();
}

/// <summary>Result of a check; <paramref name="FirstBroken"/> is −1 when the chain is whole.</summary>
[GenerateSerializer, Immutable]
public sealed record AuditCheck([property: Id(0)] long Records, [property: Id(1)] string Head, [property: Id(2)] long FirstBroken);
