using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Aggregator.Sites;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>What administrators see of a run, put together from grains and documents.</summary>
public sealed class RunStatusView(IGrainFactory grains, DocumentStore documents)
{
    public async Task<RunSummary> Summary(string run)
    {
        var state = await State(run);
        return Summary(run, state, documents.Read<RunDocument>(state.Document), await OpenRound(run, state));
    }

    public async Task<RunStatus> Status(string run)
    {
        var state = await State(run);
        var document = documents.Read<RunDocument>(state.Document);
        var open = await OpenRound(run, state);
        var status = new RunStatus
        {
            Summary = Summary(run, state, document, open),
            PlanHash = document.PlanHash,
            Model = state.Model,
            MinimumContributors = document.Plan.Privacy.MinimumContributors,
        };
        status.Templates.Add(state.Templates.ToDictionary());
        foreach (var site in state.Sites)
        {
            status.Sites.Add(await Site(run, site, state));
        }

        var commits = state.Commits.Select(c => documents.Read<RoundCommitDocument>(c.Document)).ToArray();
        for (var round = 1; round <= state.Round; round++)
        {
            // The newest round may still show an attempt that was rolled back; those before it are committed.
            if (await grains.GetGrain<IRoundGrain>($"{run}/{round}").Get() is { } roundState && (round <= commits.Length || state.Own(roundState) is not null))
            {
                status.Rounds.Add(Round(roundState, commits.FirstOrDefault(c => c.Context.Round == round)));
            }
        }

        for (var i = 0; i < commits.Length; i++)
        {
            AddMeasured(status, ValidationTotals.Of(i, commits[i].Validation, commits[i].Scores), commits[i].Scores is not null);
        }

        if (state.Evaluations.Count > 0)
        {
            var reports = state.Evaluations.ToDictionary(e => e.Key, e => documents.Read<EvaluationReport>(e.Value));
            var scores = reports.Where(r => r.Value.Scores is not null).ToDictionary(r => r.Key, r => r.Value.Scores!);
            AddMeasured(status, ValidationTotals.Of(commits.Length, reports.ToDictionary(r => r.Key, r => r.Value.Validation), scores), scores.Count > 0);
        }

        status.Comparison.Add(OwnModels.Comparison(state, documents));
        return status;
    }

    /// <summary>A supervised run whose sites hold nothing out has no score: it must not look like one of zero.</summary>
    private static void AddMeasured(RunStatus status, ModelValidation validation, bool supervised)
    {
        if (!supervised || validation.Scores.Count > 0)
        {
            status.Validation.Add(validation);
        }
    }

    private static RunSummary Summary(string run, RunState state, RunDocument document, RoundState? open)
    {
        var phase = state.Phase.ToString();
        var reason = state.Reason.Length > 0 ? state.Reason : open?.PauseReason ?? "";
        return new RunSummary
        {
            Run = run,
            State = !state.IsFinal && (state.Paused || open is { PauseReason.Length: > 0 }) ? "paused" : char.ToLowerInvariant(phase[0]) + phase[1..],
            CommittedRounds = state.Commits.Count,
            TotalRounds = document.Plan.Rounds.Count,
            Reason = reason,
        };
    }

    private static RoundStatus Round(RoundState state, RoundCommitDocument? commit)
    {
        var status = new RoundStatus
        {
            Round = state.Round,
            Attempt = state.Attempt,
            State = state is { IsFinal: false, PauseReason.Length: > 0 } ? "paused" : state.Phase.ToString().ToLowerInvariant(),
            Deadline = state.IsFinal || state.Phase == RoundPhase.Summing ? "" : Instants.Text(state.Deadline),
            Model = state.Model,
        };
        status.Reported.Add(state.Reports.Keys.Order(StringComparer.Ordinal));
        status.Uploaded.Add(state.Uploads.Where(u => u.Value.Complete).Select(u => u.Key).Order(StringComparer.Ordinal));
        status.Dropouts.Add(state.Dropouts.ToDictionary());
        status.Times.Add(state.Times.ToDictionary(t => t.Key, t => Instants.Text(t.Value)));
        status.Losses.Add(state.Reports.ToDictionary(r => r.Key, r => r.Value.Loss));
        status.Steps.Add(state.Reports.ToDictionary(r => r.Key, r => r.Value.Steps));
        status.UploadBytes.Add(state.Uploads.ToDictionary(u => u.Key, u => u.Value.Bytes));
        status.Templates.Add(state.Templates.ToDictionary());
        status.BroadcastError = commit?.Broadcast?.GetValueOrDefault(commit.Model)?.RelativeError ?? 0;
        status.Ages.Add(commit?.Ages?.ToDictionary() ?? []);
        foreach (var group in commit?.Groups ?? [])
        {
            var view = new GroupStatus { Group = group.Group, Withheld = group.Withheld ?? "" };
            view.Contributors.Add(group.Arrived);
            status.Groups.Add(view);
        }

        return status;
    }

    private async Task<RunState> State(string run) => Contracts.Identity.Names.IsValid(run) && await grains.GetGrain<IRunGrain>(run).Get() is { } state
        ? state
        : throw ErrorCatalogue.RunNotFound.With($"Run \"{run}\".");

    private async Task<RoundState?> OpenRound(string run, RunState state) =>
        state is { Phase: RunPhase.Running, Round: > 0 } ? state.Own(await grains.GetGrain<IRoundGrain>($"{run}/{state.Round}").Get()) : null;

    private async Task<RunSite> Site(string run, string site, RunState state)
    {
        var view = await grains.GetGrain<ISiteGrain>(site).Get();
        var progress = view.Progress.FirstOrDefault(p => p.Run == run);
        return new RunSite
        {
            Site = site,
            Approved = state.Approvals.ContainsKey(site),
            ApprovedBy = state.Approvals.TryGetValue(site, out var approval) ? approval.By : "",
            Dropped = state.Dropped.ContainsKey(site),
            Refusal = state.Refusals.GetValueOrDefault(site, ""),
            SilentSeconds = view.Heard ? view.SilentSeconds : -1,
            Progress = new ProgressReport
            {
                Round = progress?.Round ?? 0,
                Phase = progress?.Phase ?? "idle",
                Done = progress?.Done ?? 0,
                Total = progress?.Total ?? 0,
                Loss = progress?.Loss ?? 0,
            },
        };
    }
}
