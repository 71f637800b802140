using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Federation.Rosters;
using BrainMVP.Federated.Privacy.Templates;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>Step 4 with I/O around it: reads the reports, applies the contributor floor, signs the roster.</summary>
public sealed class RoundRoster(ArtifactStore artifacts, DocumentStore documents, DocumentSigner signer)
{
    /// <summary>Publishes the roster of the sites that reported and were not dropped.</summary>
    /// <returns>The document's hash and the sites in it, ordinal order.</returns>
    public (string Document, IReadOnlyList<string> Participants) Publish(RoundState state, RunDocument run, DateTimeOffset deadline)
    {
        var open = documents.Read<RoundOpenDocument>(state.Open);
        var layout = CanonicalJson.Deserialize<LayoutDocument>(File.ReadAllBytes(artifacts.PathOf(run.LayoutHash)));
        var reports = state.Reports
            .Where(r => !state.Dropouts.ContainsKey(r.Key))
            .OrderBy(r => r.Key, StringComparer.Ordinal)
            .Select(r => documents.Read<UpdateReport>(r.Value.Document))
            .ToArray();
        var withheld = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var modality in run.Plan.Modalities)
        {
            var reason = open.SharedModalities.Contains(modality, StringComparer.Ordinal)
                ? ContributorFloor.Withhold(run.Plan, RosterBuilder.Contributors(reports, modality), "reported")
                : ContributorFloor.Withhold(run.Plan, open.Owners.GetValueOrDefault(modality, []).Count, "own") ?? "not shared in this round";
            if (reason is not null)
            {
                withheld.Add(modality, reason);
            }
        }

        var roster = RosterBuilder.Build(open, layout, reports, withheld, run.Plan, Instants.Text(deadline));
        return (signer.Publish(roster), [.. reports.Select(r => r.Site)]);
    }
}
