using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Trust.Audit;

namespace BrainMVP.Federated.Aggregator.Audit;

/// <inheritdoc cref="IAuditGrain"/>
public sealed class AuditGrain(AggregatorFolder folder, AuditObjects copy, TimeProvider time) : Grain, IAuditGrain
{
    private readonly HashSet<(string Kind, string Subject)> _known = [];
    private AuditLog? _log;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _log = AuditLog.Open(folder.AuditLog, time);
        try
        {
            Learn();
        }
        catch
        {
            // An activation that fails is not deactivated; the next one must find the log free.
            _log.Dispose();
            throw;
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
        string? head;
        while ((head = _log!.TryAppend(kind, subject, body, copy.TryPut)) is null)
        {
            // A record that was stored by a process which died before it could write it here, or by the silo that had the log
            // before this one.
            Learn();
            if (_known.Contains((kind, subject)))
            {
                return _log.Head;
            }
        }

        // Only now: a record that a full disk refused is written when it is asked for again.
        _known.Add((kind, subject));
        return head;
    }

    private void Learn()
    {
        copy.Meet(_log!, folder.AuditLog);
        foreach (var record in AuditLog.Read(folder.AuditLog))
        {
            _known.Add((record.Kind, record.Subject));
        }
    }

    public Task<AuditCheck> Verify()
    {
        var result = AuditLog.Verify(folder.AuditLog);
        return Task.FromResult(new AuditCheck(result.Records, result.Head, result.FirstBroken));
    }
}
