using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Aggregator.Sites;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Privacy.Templates;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>Step 1: makes the signed opening of a round from the run's state and the sites' data profiles.</summary>
public sealed class RoundOpener(DocumentSigner signer, TimeProvider time)
{
    public RoundOpening Open(string run, RunState state, RunDocument document, IReadOnlyDictionary<string, SiteProfile> members)
    {
        var invited = members.Keys.Order(StringComparer.Ordinal).ToArray();
        var owners = document.Plan.Modalities.ToDictionary(
            m => m,
            m => (IReadOnlyList<string>)[.. invited.Where(s => members[s].CasesByModality.GetValueOrDefault(m) > 0)],
            StringComparer.Ordinal);
        var now = time.GetUtcNow();
        var deadline = now.AddSeconds(document.Plan.Quorum.TrainDeadlineSeconds);
        var open = new RoundOpenDocument
        {
            Context = new OpenContext
            {
                ProtocolVersion = document.ProtocolVersion,
                Consortium = document.Consortium,
                Run = run,
                Round = state.Round,
                Attempt = state.Attempt,
                PlanHash = document.PlanHash,
                Model = state.Model,
                Templates = state.Templates,
                Control = state.Control,
                LayoutHash = document.LayoutHash,
                Invited = invited,
            },
            OpenedAt = Instants.Text(now),
            ReportDeadline = Instants.Text(deadline),
            Owners = owners,
            SharedModalities = [.. document.Plan.Modalities.Where(m => ContributorFloor.Withhold(document.Plan, owners[m].Count, "own") is null)],
            ParentCommit = state.Commits.Count > 0 ? state.Commits[^1].Document : "",
        };
        return new RoundOpening(run, state.Round, state.Attempt, signer.Publish(open), state.Document, invited, now, deadline, open.SharedModalities);
    }
}
