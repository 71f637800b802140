using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Trust.Audit;

namespace BrainMVP.Federated.Aggregator.Audit;

/// <inheritdoc cref="IAuditGrain"/>
public sealed class AuditGrain(AggregatorFolder folder, TimeProvider time) : Grain, IAuditGrain
{
    private readonly HashSet<(string Kind, string Subject)> _known = [];
    private AuditLog? _log;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _log = AuditLog.Open(folder.AuditLog, time);
        foreach (var record in AuditLog.Read(folder.AuditLog))
        {
            _known.Add((record.Kind, record.Subject));
        }

        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _log?.Dispose();
        return Task.CompletedTask;
    }

    public Task<string> Head() => Task.FromResult(_log!.Head);

    public Task<string> AppendOnce(string kind, string subject, IReadOnlyDictionary<string, string> body) =>
        Task.FromResult(_known.Contains((kind, subject)) ? _log!.Head : Append(kind, subject, body));

    private string Append(string kind, string subject, IReadOnlyDictionary<string, string> body)
    {
        var head = _log!.Append(kind, subject, body);

        // Only now: a record that a full disk refused is written when it is asked for again.
        _known.Add((kind, subject));
        return head;
    }

    public Task<AuditCheck> Verify()
    {
        var result = AuditLog.Verify(folder.AuditLog);
        return Task.FromResult(new AuditCheck(result.Records, result.Head, result.FirstBroken));
    }
}
