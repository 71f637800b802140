using System.Globalization;
using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Audit;
using BrainMVP.Federated.Aggregator.Consortium;
using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Aggregator.Collection;

/// <summary>
/// Gives up the models of rounds long past, as the policy says. The audit log says so before anything is deleted; signed
/// documents stay, so that the chain of commits can be verified for ever. Several silos may do it at once.
/// </summary>
public sealed partial class ArtifactCollector(ArtifactStore artifacts, DocumentStore documents, RetentionPolicy policy, IGrainFactory grains, TimeProvider time, ILogger<ArtifactCollector> logger) : BackgroundService
{
    /// <summary>An artifact that was written or asked for so recently stays: someone may be about to start from it.</summary>
    public static readonly TimeSpan Recent = TimeSpan.FromHours(1);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(10);

    /// <summary>Looks once and collects what is due.</summary>
    /// <returns>Artifacts deleted.</returns>
    public async Task<int> Collect(CancellationToken cancellation)
    {
        var runs = new List<RunArtifacts>();
        foreach (var name in await grains.GetGrain<IConsortiumGrain>(IConsortiumGrain.Key).Runs())
        {
            if (await grains.GetGrain<IRunGrain>(name).Get() is { } state)
            {
                runs.Add(Describe(name, state));
            }

            cancellation.ThrowIfCancellationRequested();
        }

        // What was released stays for ever, whatever becomes of the run.
        foreach (var hash in (await grains.GetGrain<IConsortiumGrain>(IConsortiumGrain.Key).Releases()).Values)
        {
            var release = documents.Read<ReleaseDocument>(hash);
            runs.Add(new RunArtifacts(release.Run, [release.Model.Hash, release.Card.Hash, .. release.Templates.Values.Select(t => t.Hash)], 0, [], []));
        }

        var deleted = 0;
        foreach (var round in CollectionPlan.Decide(runs, policy))
        {
            var due = round.Artifacts.Where(a => artifacts.UnusedSince(a) is { } used && time.GetUtcNow() - used > Recent).ToArray();
            if (due.Length == 0)
            {
                continue;
            }

            await grains.GetGrain<IAuditGrain>(IAuditGrain.Key).AppendOnce(
                "round.collected",
                string.Create(CultureInfo.InvariantCulture, $"{round.Run}/{round.Round}/{round.Attempt}"),
                new Dictionary<string, string> { ["artifacts"] = string.Join(" ", due) });
            foreach (var artifact in due)
            {
                artifacts.Collect(artifact);
                deleted++;
            }
        }

        if (deleted > 0)
        {
            LogCollected(logger, deleted, policy.KeepRounds);
        }

        return deleted;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (policy.KeepsAll)
        {
            return;
        }

        await Task.Delay(First, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Collect(stoppingToken);
            }
            catch (Exception e) when (e is FederationException or IOException or UnauthorizedAccessException or OrleansException or TimeoutException)
            {
                LogFailed(logger, e.Message);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(Again, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private RunArtifacts Describe(string name, RunState state)
    {
        var run = documents.Read<RunDocument>(state.Document);
        string[] own = [.. OwnModels.Of(state, documents).Values];
        return new RunArtifacts(
            name,
            [run.InitialModel, run.LayoutHash, .. run.FirstTemplates().Values, state.Model, .. state.Templates.Values, .. state.Control is { } control ? (string[])[control] : [], .. state.IsFinal ? [] : own],
            // The round that a run can be rolled back to is one more than the commits that are undone, and late work needs the
            // model that it was trained from.
            state.IsFinal ? 1 : Math.Max(run.Plan.Rounds.Rollback, run.Plan.Quorum.Carries() ? run.Plan.Quorum.MaximumAge : 0) + 1,
            [.. state.Commits.Select(Describe)],
            // Sites' own models are measured once, and no round's.
            [.. state.RolledBack.Select(Describe), .. state.IsFinal && own.Length > 0 ? (RoundArtifacts[])[new RoundArtifacts(state.Round + 1, state.Attempt, own)] : []]);
    }

    private RoundArtifacts Describe(CommitEntry commit)
    {
        var document = documents.Read<RoundCommitDocument>(commit.Document);
        var changes = document.Broadcast?.Values.Select(b => b.Delta) ?? [];
        return new RoundArtifacts(commit.Round, commit.Attempt, [commit.Model, .. commit.Templates.Values, .. changes, .. new[] { document.ServerState, document.Control }.OfType<string>()]);
    }

    [LoggerMessage(1, LogLevel.Information, "{Count} artifacts of earlier rounds were collected; each run keeps its newest {Rounds}.")]
    private static partial void LogCollected(ILogger logger, int count, int rounds);

    [LoggerMessage(2, LogLevel.Warning, "Artifacts could not be collected now: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
