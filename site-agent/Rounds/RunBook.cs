using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>A run as this site verified it.</summary>
public sealed record KnownRun(RunDocument Document, LayoutDocument Layout, RunFolder Folder);

/// <summary>Fetches and verifies runs and the chain of their commits.</summary>
public sealed class RunBook(SiteContext site)
{
    /// <summary>The run, from disk or from the aggregator.</summary>
    public async Task<KnownRun> GetAsync(string run, CancellationToken cancellation)
    {
        var folder = site.Run(run);
        if (!File.Exists(folder.Layout))
        {
            var response = await site.Link.Calls.CallAsync(site.Link.Control, o => site.Link.Site.GetRunAsync(new GetRunRequest { Run = run }, o), cancellation);
            var fetched = Documents.Accept<RunDocument>(site, response.Run);
            RoundChecks.RequireRun(fetched, run, site.Settings.Consortium, site.Site, response.Layout.Span);
            Documents.AcceptAndKeep<RunDocument>(site, response.Run, folder.Document);
            DurableFile.WriteAllBytes(folder.Layout, response.Layout.Memory);
        }

        var document = Documents.Accept<RunDocument>(site, SignedFile.Load(folder.Document));
        var layout = await File.ReadAllBytesAsync(folder.Layout, cancellation);
        RoundChecks.RequireRun(document, run, site.Settings.Consortium, site.Site, layout);
        return new KnownRun(document, CanonicalJson.Deserialize<LayoutDocument>(layout), folder);
    }

    /// <summary>The commit that a round starts from. Where the opening names another than this site knows, the run was rolled back.</summary>
    /// <returns>The commit with its hash; null and an empty hash for round 1.</returns>
    /// <exception cref="FederationException">BMF-1303 when the round is committed already.</exception>
    public async Task<(RoundCommitDocument? Commit, string Hash)> ParentAsync(KnownRun run, RoundOpenDocument open, CancellationToken cancellation)
    {
        var round = open.Context.Round;
        if (run.Folder.LastCommitted() < round && await FollowAsync(run, round - 1, cancellation) is var known && known.Hash == open.ParentCommit)
        {
            return known;
        }

        await RollBackAsync(run, cancellation);
        return run.Folder.LastCommitted() < round
            ? await FollowAsync(run, round - 1, cancellation)
            : throw ErrorCatalogue.RoundClosed.With($"Round {round} of {run.Document.Run} is committed.");
    }

    /// <summary>
    /// Forgets the commits that the aggregator no longer has: an administrator rolled the run back. What is left is the
    /// longest beginning on which both sides agree; what follows must be signed and chained to it like any other round.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellation">Cuts the calls.</param>
    public async Task RollBackAsync(KnownRun run, CancellationToken cancellation)
    {
        var last = run.Folder.LastCommitted();
        var agreed = last;
        for (; agreed > 0; agreed--)
        {
            var response = await FetchAsync(run.Document.Run, agreed, 0, cancellation);
            if (response.Commit is { } commit && Documents.HashOf(commit) == LastKnown(run, agreed).Hash)
            {
                break;
            }
        }

        if (agreed < last)
        {
            site.Audit.Append("run.rolledBack", $"{run.Document.Run}/{agreed}", new Dictionary<string, string>
            {
                ["from"] = LastKnown(run, last).Hash,
                ["to"] = LastKnown(run, agreed).Hash,
            });
            run.Folder.RollBack(agreed);
        }
    }

    /// <summary>Makes sure that every commit up to a round is here and follows from the one before.</summary>
    /// <returns>The commit of that round with its hash; null and an empty hash for round 0.</returns>
    public async Task<(RoundCommitDocument? Commit, string Hash)> FollowAsync(KnownRun run, int round, CancellationToken cancellation)
    {
        var (parent, parentHash) = LastKnown(run, Math.Min(round, run.Folder.LastCommitted()));
        var rolledBack = false;
        for (var next = (parent?.Context.Round ?? 0) + 1; next <= round; next++)
        {
            var response = await FetchAsync(run.Document.Run, next, 0, cancellation);
            if (response.Commit is null)
            {
                throw ErrorCatalogue.RoundClosed.With($"Round {next} of {run.Document.Run} is not committed.");
            }

            var open = Documents.Accept<RoundOpenDocument>(site, response.Open);
            if (open.ParentCommit != parentHash && !rolledBack)
            {
                rolledBack = true;
                await RollBackAsync(run, cancellation);
                next = run.Folder.LastCommitted();
                (parent, parentHash) = LastKnown(run, next);
                continue;
            }

            RoundChecks.RequireOpen(open, run.Document, next, 0, site.Site, parent, parentHash);
            var commit = Documents.Accept<RoundCommitDocument>(site, response.Commit);
            var folder = run.Folder.Round(next, open.Context.Attempt);
            var report = File.Exists(folder.Report) ? Documents.Read<UpdateReport>(folder.Report) : null;
            var manifest = File.Exists(folder.Manifest) ? Documents.HashOf(SignedFile.Load(folder.Manifest)) : null;
            RoundChecks.RequireCommit(commit, open, run.Document, site.Site, report, manifest);
            site.Audit.Append("round.committed", $"{run.Document.Run}/{next}", new Dictionary<string, string>
            {
                ["commit"] = Documents.HashOf(response.Commit),
                ["model"] = commit.Model,
                ["contributors"] = string.Join(" ", commit.Contributors),
                ["aggregatorAuditHead"] = commit.AuditHead,
            });
            Documents.AcceptAndKeep<RoundCommitDocument>(site, response.Commit, run.Folder.Commit(next));
            (parent, parentHash) = (commit, Documents.HashOf(response.Commit));
        }

        return (parent, parentHash);
    }

    /// <summary>A round's documents as the aggregator has them now.</summary>
    public Task<GetRoundResponse> FetchAsync(string run, int round, int attempt, CancellationToken cancellation) =>
        site.Link.Calls.CallAsync(site.Link.Control, o => site.Link.Site.GetRoundAsync(new GetRoundRequest { Run = run, Round = round, Attempt = attempt }, o), cancellation);

    private static (RoundCommitDocument? Commit, string Hash) LastKnown(KnownRun run, int round)
    {
        if (round == 0)
        {
            return (null, "");
        }

        var bytes = File.ReadAllBytes(run.Folder.Commit(round));
        return (CanonicalJson.Deserialize<RoundCommitDocument>(bytes), CanonicalJson.Hash(bytes.AsSpan()));
    }
}
