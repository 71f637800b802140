using BrainMVP.Federated.Contracts.V1;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>
/// Remembers which assignments are due, in work, waiting or finished. Pure: the clock is an argument. Forgetting
/// everything, as a restart does, costs a repetition and nothing else, because all work is idempotent.
/// </summary>
public sealed class AssignmentTracker
{
    private readonly HashSet<string> _finished = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Failures, DateTimeOffset Until)> _waiting = new(StringComparer.Ordinal);
    private IReadOnlyList<Assignment> _due = [];
    private int _missed;

    /// <summary>The assignment in work.</summary>
    public Assignment? Current { get; private set; }

    /// <summary>What the aggregator need not wake this agent for.</summary>
    public IReadOnlyList<string> Known => [.. _finished.Concat(_waiting.Keys).Concat(Current is null ? [] : [Current.Id]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Takes over what the aggregator lists, and forgets what it no longer lists.</summary>
    /// <returns>False when the work in hand was missing twice in a row: the aggregator moved on without it.</returns>
    public bool Update(IReadOnlyList<Assignment> due)
    {
        _due = due;
        var ids = due.Select(a => a.Id).ToHashSet(StringComparer.Ordinal);
        _finished.IntersectWith(ids);
        foreach (var id in _waiting.Keys.Where(id => !ids.Contains(id)).ToArray())
        {
            _waiting.Remove(id);
        }

        _missed = Current is null || ids.Contains(Current.Id) ? 0 : _missed + 1;
        return _missed < 2;
    }

    /// <summary>Whether a later round of the same run waits for this site to train.</summary>
    public bool NextRoundWaits => Current is { } current
        && _due.Any(a => a.Kind == Assignment.Types.Kind.Train && a.Run == current.Run && a.Round > current.Round);

    /// <summary>Takes the first assignment that is neither finished nor waiting; null when there is none or one is in work.</summary>
    public Assignment? Take(DateTimeOffset now)
    {
        if (Current is not null)
        {
            return null;
        }

        _missed = 0;
        return Current = _due.FirstOrDefault(a => !_finished.Contains(a.Id) && !(_waiting.TryGetValue(a.Id, out var wait) && wait.Until > now));
    }

    /// <summary>The work in hand is done, or will never be.</summary>
    public void Finish()
    {
        _finished.Add(Current!.Id);
        _waiting.Remove(Current.Id);
        Current = null;
    }

    /// <summary>The work in hand is taken up again later.</summary>
    /// <param name="until">Not before this instant.</param>
    /// <param name="failed">True counts as a failure in a row.</param>
    public void Postpone(DateTimeOffset until, bool failed)
    {
        var failures = _waiting.TryGetValue(Current!.Id, out var before) ? before.Failures : 0;
        _waiting[Current.Id] = (failed ? failures + 1 : 0, until);
        Current = null;
    }

    /// <summary>The work in hand is dropped; it is taken up again when the aggregator still lists it.</summary>
    public void Drop() => Current = null;

    /// <summary>Failures in a row of the work in hand.</summary>
    public int Failures => Current is not null && _waiting.TryGetValue(Current.Id, out var wait) ? wait.Failures : 0;

    /// <summary>When the first waiting assignment is due; null when none waits.</summary>
    public DateTimeOffset? NextDue() => _due.Where(a => _waiting.ContainsKey(a.Id)).Select(a => (DateTimeOffset?)_waiting[a.Id].Until).Min();
}
