using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Strategies;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>Which delivered updates a Krum rule keeps, with I/O around the decision. Read from the chunks, so it can be made again.</summary>
public sealed class RoundSelection(ArtifactStore artifacts, DocumentStore documents, UploadStore uploads)
{
    /// <summary>Whether the plan's rule chooses among the updates before they are summed.</summary>
    public static bool IsNeeded(AggregationPlan plan) => plan.Rule is AggregationRules.Krum or AggregationRules.MultiKrum;

    /// <summary>Kept sites of each group that has enough of them; the network's choice also holds for its statistics.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Select(RoundState state, RunDocument run, CancellationToken cancellation)
    {
        var plan = run.Plan.Aggregation;
        var round = new RoundKey(state.Run, state.Round, state.Attempt);
        var layout = CanonicalJson.Deserialize<LayoutDocument>(File.ReadAllBytes(artifacts.PathOf(run.LayoutHash)));
        var roster = documents.Read<RosterDocument>(state.Roster);
        var manifests = state.Arrived.ToDictionary(s => s, s => documents.Read<UpdateManifest>(state.Uploads[s].Manifest), StringComparer.Ordinal);
        using var source = PackedUpdates.Over(uploads.Source(round, manifests), plan.RingBits);
        var kept = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var group in roster.Groups.Where(g => g.Withheld is null && g.Group != TensorGroups.BatchNorm))
        {
            var present = group.Participants.Select(p => p.Site).Where(s => state.Arrived.Contains(s, StringComparer.Ordinal)).ToArray();
            if (present.Length >= AggregationRules.FewestSites(plan))
            {
                var payloads = present.ToDictionary(s => s, s => PayloadMap.For(layout, roster, s), StringComparer.Ordinal);
                kept[group.Group] = KrumSelection.Keep(plan, payloads, group.Group, source, cancellation);
            }
        }

        if (kept.TryGetValue(TensorGroups.Network, out var network))
        {
            kept[TensorGroups.BatchNorm] = network;
        }

        return kept;
    }
}
