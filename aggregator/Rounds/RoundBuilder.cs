using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Aggregation;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Privacy.Templates;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>The next global model, templates and group results of a round.</summary>
public sealed record BuiltRound(string Model, IReadOnlyDictionary<string, string> Templates, IReadOnlyList<GroupResult> Groups);

/// <summary>Step 6's second half with I/O around it. Everything it writes is named by its bytes, so doing it again changes nothing.</summary>
public sealed class RoundBuilder(ArtifactStore artifacts, DocumentStore documents, SumStore sums)
{
    public BuiltRound Build(RoundState state, RunDocument run, CancellationToken cancellation)
    {
        var open = documents.Read<RoundOpenDocument>(state.Open).Context;
        var roster = documents.Read<RosterDocument>(state.Roster);
        var layout = CanonicalJson.Deserialize<LayoutDocument>(File.ReadAllBytes(artifacts.PathOf(run.LayoutHash)));
        var groups = roster.Groups.Select(g => Arrived(g, state.Arrived, run)).ToArray();
        var update = new GlobalUpdate(layout, roster, groups.ToDictionary(g => g.Group, g => g.Withheld is null ? g.ArrivedWeight : 0, StringComparer.Ordinal), run.Plan.Aggregation.ServerLearningRate);
        var source = sums.Source(new RoundKey(state.Run, state.Round, state.Attempt), state.Shards);

        using var global = new SafetensorsReader(artifacts.PathOf(open.Model));
        var model = artifacts.Put(output => SafetensorsWriter.Write(output, update.Network(global, source)));
        var templates = new SortedDictionary<string, string>(open.Templates.ToDictionary(t => t.Key, t => t.Value), StringComparer.Ordinal);
        foreach (var modality in update.MovingTemplates)
        {
            cancellation.ThrowIfCancellationRequested();
            using var before = open.Templates.TryGetValue(modality, out var hash) ? new SafetensorsReader(artifacts.PathOf(hash)) : null;
            templates[modality] = artifacts.Put(output => SafetensorsWriter.Write(output, [update.Template(modality, before, source)]));
        }

        return new BuiltRound(model, templates, [.. groups.Select(g => g with { QuantisationBound = g.Withheld is null ? update.QuantisationBound(g.Group) : 0 })]);
    }

    private static GroupResult Arrived(GroupRoster group, IReadOnlyList<string> arrived, RunDocument run)
    {
        var present = group.Participants.Where(p => arrived.Contains(p.Site, StringComparer.Ordinal)).ToArray();
        var withheld = group.Withheld
            ?? (TensorGroups.ModalityOf(group.Group) is not null ? ContributorFloor.Withhold(run.Plan, present.Length, "delivered") : null)
            ?? (present.Length == 0 ? "no update of it arrived" : null);
        return new GroupResult(group.Group, [.. present.Select(p => p.Site)], present.Sum(p => p.Weight), group.TotalWeight, withheld, 0);
    }
}
