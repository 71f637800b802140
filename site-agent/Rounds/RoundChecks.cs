using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Strategies;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>
/// What a site demands of the documents it is shown before it acts on them. Pure; signatures are checked before.
/// </summary>
public static class RoundChecks
{
    /// <summary>Checks a run document against this site.</summary>
    /// <exception cref="FederationException">BMF-1311, BMF-1304, BMF-1203 or the plan's own fault.</exception>
    public static void RequireRun(RunDocument document, string run, string consortium, string site, ReadOnlySpan<byte> layout)
    {
        if (!Protocol.Speaks(document.ProtocolVersion))
        {
            throw ErrorCatalogue.ProtocolMismatch.With($"The run uses protocol version {document.ProtocolVersion}, this agent {Protocol.OldestVersion} to {Protocol.Version}.");
        }

        if (document.Run != run || document.Consortium != consortium || !document.Sites.Contains(site, StringComparer.Ordinal))
        {
            throw ErrorCatalogue.ContextMismatch.With($"The document is of run {document.Run} of {document.Consortium} for {string.Join(", ", document.Sites)}; expected {run} of {consortium} for {site}.");
        }

        if (CanonicalJson.Hash(document.Plan) != document.PlanHash)
        {
            throw ErrorCatalogue.SignatureInvalid.With($"The plan of run {run} does not have the hash {document.PlanHash} that its document names.");
        }

        if (CanonicalJson.Hash(layout) != document.LayoutHash)
        {
            throw ErrorCatalogue.SignatureInvalid.With($"The layout of run {run} does not have the hash {document.LayoutHash} that its document names.");
        }

        PlanRules.Check(document.Plan);
        if (document.FirstTemplates().Keys.FirstOrDefault(m => !document.Plan.Modalities.Contains(m, StringComparer.Ordinal)) is { } stranger)
        {
            throw ErrorCatalogue.ContextMismatch.With($"Run {run} starts from a template of {stranger}, which its plan does not learn.");
        }
    }

    /// <summary>Checks the opening of a round against the run and the commit before it.</summary>
    /// <param name="parent">Commit of the round before; null for round 1.</param>
    /// <param name="parentHash">SHA-256 of that commit; empty for round 1.</param>
    public static void RequireOpen(RoundOpenDocument open, RunDocument run, int round, int attempt, string site, RoundCommitDocument? parent, string parentHash)
    {
        var context = open.Context;
        Equal("protocol version", context.ProtocolVersion, run.ProtocolVersion);
        Equal("consortium", context.Consortium, run.Consortium);
        Equal("run", context.Run, run.Run);
        Equal("round", context.Round, round);
        Equal("plan", context.PlanHash, run.PlanHash);
        Equal("layout", context.LayoutHash, run.LayoutHash);
        Equal("model", context.Model, parent?.Model ?? run.InitialModel);
        Equal("control variate", context.Control ?? "none", parent?.Control ?? "none");
        Equal("parent commit", open.ParentCommit, parentHash);
        if (attempt > 0)
        {
            Equal("attempt", context.Attempt, attempt);
        }

        if (round < 1 || round > run.Plan.Rounds.Count)
        {
            throw ErrorCatalogue.ContextMismatch.With($"Round {round} is outside the plan's {run.Plan.Rounds.Count} rounds.");
        }

        if (!SameEntries(context.Templates, parent?.Templates ?? run.FirstTemplates()))
        {
            throw ErrorCatalogue.ContextMismatch.With($"Round {round} starts from other templates than {(parent is null ? "the run document names" : "the commit before it left")}.");
        }

        if (context.Invited.Except(run.Sites, StringComparer.Ordinal).FirstOrDefault() is { } stranger)
        {
            throw ErrorCatalogue.ContextMismatch.With($"Round {round} invites {stranger}, which is not a site of the run.");
        }

        if (attempt > 0 && !context.Invited.Contains(site, StringComparer.Ordinal))
        {
            throw ErrorCatalogue.ContextMismatch.With($"Round {round} does not invite {site}.");
        }
    }

    /// <summary>Checks that a roster belongs to the round and asks this site for what it reported, with that weight.</summary>
    public static void RequireRoster(RosterDocument roster, LayoutDocument layout, UpdateReport report, Plan plan)
    {
        Equal("open context", roster.OpenContext, report.OpenContext);
        if (!roster.Scales.Select(s => s.Name).SequenceEqual(layout.Tensors.Select(t => t.Name), StringComparer.Ordinal))
        {
            throw ErrorCatalogue.ContextMismatch.With("The roster's scales do not name the tensors of the layout.");
        }

        foreach (var group in roster.Groups)
        {
            if (group.Participants.Sum(p => p.Weight) != group.TotalWeight || group.Participants.Any(p => p.Weight < 0))
            {
                throw ErrorCatalogue.ContextMismatch.With($"The weights of {group.Group} do not add up to {group.TotalWeight}.");
            }

            if (group.Withheld is not null || group.Participants.FirstOrDefault(p => p.Site == report.Site) is not { } own)
            {
                continue;
            }

            var modality = TensorGroups.ModalityOf(group.Group);
            if (modality is not null && !report.TargetDraws.ContainsKey(modality))
            {
                throw ErrorCatalogue.ContextMismatch.With($"The roster asks for {group.Group}, which this site did not report.");
            }

            var reported = SiteWeights.OfGroup(report, group.Group, plan);
            if (own.Weight > reported)
            {
                throw ErrorCatalogue.ContextMismatch.With($"The roster weighs this site's {group.Group} with {own.Weight}; it reported {reported}.");
            }
        }
    }

    /// <summary>Checks a commit against the opening of its round.</summary>
    /// <param name="ownReport">What this site reported in that attempt, or null.</param>
    /// <param name="ownManifest">Hash of the manifest this site sent in that attempt, or null.</param>
    public static void RequireCommit(RoundCommitDocument commit, RoundOpenDocument open, RunDocument run, string site, UpdateReport? ownReport, string? ownManifest)
    {
        var context = RoundContexts.Open(open.Context);
        Equal("open context", RoundContexts.Open(commit.Context), context);
        Equal("round context", commit.RoundContext, RoundContexts.Round(context, commit.RosterHash));
        Equal("parent model", commit.ParentModel, open.Context.Model);
        foreach (var group in commit.Groups.Where(g => g.Withheld is null && TensorGroups.ModalityOf(g.Group) is not null))
        {
            if (group.Arrived.Count < run.Plan.Privacy.MinimumContributors)
            {
                throw ErrorCatalogue.ContextMismatch.With($"{group.Group} moved with {group.Arrived.Count} sites; the plan demands {run.Plan.Privacy.MinimumContributors}.");
            }
        }

        var contributed = commit.Contributors.Contains(site, StringComparer.Ordinal);
        if (contributed && commit.Updates.GetValueOrDefault(site) != ownManifest)
        {
            throw ErrorCatalogue.ContextMismatch.With($"The commit of round {open.Context.Round} names an update of {site} that this site did not send.");
        }

        if (ownReport is not null && commit.SiteAuditHeads.TryGetValue(site, out var head) && head != ownReport.AuditHead)
        {
            throw ErrorCatalogue.ContextMismatch.With($"The commit of round {open.Context.Round} holds another audit head of {site} than this site sent.");
        }
    }

    private static bool SameEntries(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        a.Count == b.Count && a.All(e => b.TryGetValue(e.Key, out var value) && value == e.Value);

    private static void Equal<T>(string what, T found, T expected)
        where T : notnull
    {
        if (!found.Equals(expected))
        {
            throw ErrorCatalogue.ContextMismatch.With($"The {what} is {found}, expected {expected}.");
        }
    }
}
