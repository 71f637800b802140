using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>What a round should do now.</summary>
public enum RoundStep
{
    Wait,

    /// <summary>Fix the roster from the reports that are there.</summary>
    CloseReports,

    /// <summary>Sum the updates that are there.</summary>
    CloseUploads,

    /// <summary>Compute the sums and the commit.</summary>
    Sum,

    /// <summary>Wait for a person, with the reason.</summary>
    Pause,

    /// <summary>The quorum is there again.</summary>
    Resume,
}

/// <summary>A step with its reason.</summary>
public readonly record struct RoundDecision(RoundStep Step, string Reason = "");

/// <summary>
/// The round as a pure state machine: no I/O, no clock. Decisions compare persisted absolute deadlines with the given
/// instant, so it does not matter how often or how late it is asked.
/// </summary>
public static class RoundMachine
{
    /// <summary>Why a site that had not reported is left out; it may still be at work.</summary>
    public const string NoReport = "no report before the roster";

    /// <summary>What to do now.</summary>
    /// <param name="state">The round.</param>
    /// <param name="quorum">The plan's quorum.</param>
    /// <param name="now">The current instant.</param>
    /// <param name="isSilent">Whether a site has not been heard from for longer than the plan allows.</param>
    public static RoundDecision Decide(RoundState state, QuorumPlan quorum, DateTimeOffset now, Func<string, bool> isSilent) => state.Phase switch
    {
        _ when NeedsPerson(state) => new RoundDecision(RoundStep.Wait),
        RoundPhase.Training => Close(state, quorum, now, isSilent, state.Invited, [.. state.Reports.Keys.Where(s => !state.Dropouts.ContainsKey(s))], "reported", RoundStep.CloseReports, quorum.Buffered),
        RoundPhase.Uploading => Close(state, quorum, now, isSilent, state.Participants, [.. state.Uploads.Where(u => u.Value.Complete && !state.Dropouts.ContainsKey(u.Key)).Select(u => u.Key)], "delivered their update", RoundStep.CloseUploads),
        RoundPhase.Summing => new RoundDecision(RoundStep.Sum),
        _ => new RoundDecision(RoundStep.Wait),
    };

    /// <summary>Why the sites that are there do not make a quorum, or null when they do.</summary>
    public static string? MissingQuorum(RoundState state, QuorumPlan quorum, IReadOnlyCollection<string> present)
    {
        if (quorum.Required.Where(r => !present.Contains(r)).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } missing)
        {
            return $"the required {(missing.Length == 1 ? "site" : "sites")} {string.Join(", ", missing)} {(missing.Length == 1 ? "is" : "are")} missing";
        }

        if (present.Count < quorum.MinimumSites)
        {
            return $"{present.Count} of at least {quorum.MinimumSites} sites are there";
        }

        var cases = present.Sum(s => state.Reports.TryGetValue(s, out var report) ? report.Cases : 0);
        return cases < quorum.MinimumCases ? $"{cases} of at least {quorum.MinimumCases} cases are there" : MissingModality(state, quorum, present);
    }

    private static string? MissingModality(RoundState state, QuorumPlan quorum, IReadOnlyCollection<string> present)
    {
        foreach (var modality in state.Shared.Order(StringComparer.Ordinal))
        {
            var sites = present.Count(s => state.Reports.TryGetValue(s, out var report) && report.Modalities?.Contains(modality, StringComparer.Ordinal) == true);
            if (sites < quorum.MinimumSitesPerModality)
            {
                return $"{sites} of at least {quorum.MinimumSitesPerModality} sites with {modality} are there";
            }
        }

        return null;
    }

    /// <summary>Adds a site's report. The same report again changes nothing.</summary>
    /// <exception cref="FederationException">BMF-1303 when the step is over, BMF-1305 for a second, different report.</exception>
    public static RoundState Report(RoundState state, string site, ReportEntry entry)
    {
        if (state.Reports.TryGetValue(site, out var known))
        {
            return known.Document == entry.Document ? state : throw ErrorCatalogue.DigestConflict.With($"{site} already reported {known.Document}.");
        }

        Require(state, RoundPhase.Training, site, state.Invited);
        return state with { Reports = With(state.Reports, site, entry) };
    }

    /// <summary>Announces a site's upload. The same manifest again changes nothing.</summary>
    public static RoundState BeginUpload(RoundState state, string site, UploadEntry entry)
    {
        if (state.Uploads.TryGetValue(site, out var known))
        {
            return known.Manifest == entry.Manifest ? state : throw ErrorCatalogue.DigestConflict.With($"{site} already announced {known.Manifest}.");
        }

        Require(state, RoundPhase.Uploading, site, state.Participants);
        return state with { Uploads = With(state.Uploads, site, entry) };
    }

    /// <summary>A site's update is complete and valid.</summary>
    public static RoundState CompleteUpload(RoundState state, string site, string manifest, DateTimeOffset at)
    {
        if (!state.Uploads.TryGetValue(site, out var entry) || entry.Manifest != manifest)
        {
            throw ErrorCatalogue.ContextMismatch.With($"{site} completes an upload that was not announced.");
        }

        if (entry.Complete)
        {
            return state;
        }

        Require(state, RoundPhase.Uploading, site, state.Participants);
        return state with { Uploads = With(state.Uploads, site, entry with { Complete = true, At = at }) };
    }

    /// <summary>A site will not be in this round. Only before summing starts; the first reason stays.</summary>
    public static RoundState Drop(RoundState state, string site, string reason) =>
        state.Phase is not (RoundPhase.Training or RoundPhase.Uploading) || state.Dropouts.ContainsKey(site) || !state.Invited.Contains(site, StringComparer.Ordinal)
            ? state
            : state with { Dropouts = With(state.Dropouts, site, reason) };

    /// <summary>Fixes the roster.</summary>
    public static RoundState PublishRoster(RoundState state, string roster, IReadOnlyList<string> participants, DateTimeOffset now, DateTimeOffset deadline)
    {
        var next = state;
        foreach (var site in state.Invited.Where(s => !participants.Contains(s, StringComparer.Ordinal)))
        {
            next = Drop(next, site, NoReport);
        }

        return next with
        {
            Phase = RoundPhase.Uploading,
            Roster = roster,
            Participants = participants,
            Deadline = deadline,
            PauseReason = "",
            CloseNow = false,
            Times = With(next.Times, "roster", now),
        };
    }

    /// <summary>Fixes the set of updates that are summed.</summary>
    public static RoundState StartSumming(RoundState state, int shards, DateTimeOffset now)
    {
        var arrived = state.Uploads.Where(u => u.Value.Complete && !state.Dropouts.ContainsKey(u.Key)).Select(u => u.Key).Order(StringComparer.Ordinal).ToArray();
        var next = state;
        foreach (var site in state.Participants.Where(s => !arrived.Contains(s, StringComparer.Ordinal)))
        {
            next = Drop(next, site, "no complete update before the deadline");
        }

        return next with
        {
            Phase = RoundPhase.Summing,
            Arrived = arrived,
            Shards = shards,
            PauseReason = "",
            CloseNow = false,
            Times = With(next.Times, "summing", now),
        };
    }

    /// <summary>Publishes the commit.</summary>
    public static RoundState Commit(RoundState state, string commit, string model, IReadOnlyDictionary<string, string> templates, DateTimeOffset now, string? control = null) => state with
    {
        Phase = RoundPhase.Committed,
        Commit = commit,
        Model = model,
        Templates = templates,
        Control = control,
        PauseReason = "",
        Times = With(state.Times, "committed", now),
    };

    /// <summary>Pauses until the disk has room. The round goes on by itself then.</summary>
    public static RoundState AwaitRoom(RoundState state, long bytes, string reason, DateTimeOffset now) => state.IsFinal || state.RoomAwaitedSince is not null
        ? state
        : state with { PauseReason = reason, RoomAwaitedSince = now, RoomNeeded = bytes };

    /// <summary>Goes on after a full disk; the sites get the time back that they could not use.</summary>
    public static RoundState EndAwaitingRoom(RoundState state, DateTimeOffset now) => state.RoomAwaitedSince is { } since
        ? state with { PauseReason = "", RoomAwaitedSince = null, RoomNeeded = 0, Deadline = now > since ? state.Deadline + (now - since) : state.Deadline }
        : state;

    /// <summary>A copy with one entry more.</summary>
    public static IReadOnlyDictionary<string, T> With<T>(IReadOnlyDictionary<string, T> entries, string key, T value) =>
        new Dictionary<string, T>(entries, StringComparer.Ordinal) { [key] = value };

    /// <summary>Paused for something else than a missing quorum: only a person, or room on the disk, ends that.</summary>
    private static bool NeedsPerson(RoundState state) =>
        state.PauseReason.Length > 0 && !state.PauseReason.StartsWith(ErrorCatalogue.UnderQuorum.Id, StringComparison.Ordinal);

    private static RoundDecision Close(RoundState state, QuorumPlan quorum, DateTimeOffset now, Func<string, bool> isSilent, IReadOnlyList<string> expected, string[] present, string verb, RoundStep close, int enough = 0)
    {
        var awaited = expected.Where(s => !present.Contains(s, StringComparer.Ordinal) && !state.Dropouts.ContainsKey(s)).ToArray();
        if (state.CloseNow && present.Length > 0)
        {
            return new RoundDecision(close);
        }

        var missing = MissingQuorum(state, quorum, present);
        var over = awaited.Length == 0 || now >= state.Deadline || awaited.All(isSilent) || (enough > 0 && present.Length >= enough && missing is null);
        if (missing is null)
        {
            return over ? new RoundDecision(close) : new RoundDecision(state.PauseReason.Length > 0 ? RoundStep.Resume : RoundStep.Wait);
        }

        if (!over)
        {
            return new RoundDecision(state.PauseReason.Length > 0 ? RoundStep.Resume : RoundStep.Wait);
        }

        if (state.PauseReason.Length > 0)
        {
            return new RoundDecision(RoundStep.Wait);
        }

        var waiting = awaited.Length == 0 ? "" : $"; not heard or late: {string.Join(", ", awaited.Order(StringComparer.Ordinal))}";
        var left = string.Join("; ", state.Dropouts.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key}: {d.Value}"));
        return new RoundDecision(
            RoundStep.Pause,
            $"{ErrorCatalogue.UnderQuorum.Id}: {missing} ({present.Length} {verb}){waiting}{(left.Length > 0 ? $"; left out: {left}" : "")}. {ErrorCatalogue.UnderQuorum.Remedy}");
    }

    private static void Require(RoundState state, RoundPhase phase, string site, IReadOnlyList<string> expected)
    {
        if (state.Phase != phase)
        {
            throw ErrorCatalogue.RoundClosed.With($"Round {state.Round} of {state.Run} is {state.Phase}, expected {phase}.");
        }

        if (!expected.Contains(site, StringComparer.Ordinal))
        {
            throw ErrorCatalogue.RoundClosed.With($"{site} does not take part in round {state.Round} of {state.Run}.");
        }

        if (state.Dropouts.TryGetValue(site, out var reason))
        {
            throw ErrorCatalogue.RoundClosed.With($"{site} was left out of round {state.Round} of {state.Run}: {reason}.");
        }
    }
}
