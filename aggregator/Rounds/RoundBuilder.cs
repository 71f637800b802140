using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Aggregation;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Strategies;
using BrainMVP.Federated.Federation.Summation;
using BrainMVP.Federated.Privacy.Templates;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>The next global model, templates and group results of a round.</summary>
/// <param name="ServerState">Artifact of the server optimiser's moments; null when it keeps none.</param>
/// <param name="Control">Artifact of the federation's control variate; null while it is zero, or without SCAFFOLD.</param>
/// <param name="Broadcast">Changes that lead to the model and the templates; null when they are broadcast whole.</param>
public sealed record BuiltRound(string Model, IReadOnlyDictionary<string, string> Templates, string? ServerState, string? Control, IReadOnlyDictionary<string, BroadcastEntry>? Broadcast, IReadOnlyList<GroupResult> Groups);

/// <summary>Step 6's second half with I/O around it. Everything it writes is named by its bytes, so doing it again changes nothing.</summary>
public sealed class RoundBuilder(ArtifactStore artifacts, DocumentStore documents, SumStore sums)
{
    public BuiltRound Build(RoundState state, RunDocument run, CancellationToken cancellation)
    {
        var open = documents.Read<RoundOpenDocument>(state.Open);
        var roster = documents.Read<RosterDocument>(state.Roster);
        var layout = CanonicalJson.Deserialize<LayoutDocument>(File.ReadAllBytes(artifacts.PathOf(run.LayoutHash)));
        var groups = roster.Groups.Select(g => Arrived(g, state, run)).ToArray();
        var arrived = groups.Where(g => g.Withheld is null).ToDictionary(g => g.Group, g => GroupSum.Of(run.Plan.Aggregation, g.Arrived.Count, g.ArrivedWeight), StringComparer.Ordinal);
        var update = new GlobalUpdate(layout, roster, arrived, run.Plan.Aggregation);
        var source = sums.Source(new RoundKey(state.Run, state.Round, state.Attempt), state.Shards);
        var moments = Moments(open, update, source);

        using var server = moments is null ? null : new SafetensorsReader(artifacts.PathOf(moments));
        using var global = new SafetensorsReader(artifacts.PathOf(open.Context.Model));
        var format = run.Plan.Aggregation.Broadcast;
        var broadcast = format == BroadcastFormats.Full ? null : new Dictionary<string, BroadcastEntry>(StringComparer.Ordinal);
        var key = new RoundKey(state.Run, state.Round, state.Attempt);
        var model = Publish(global, update.Network(global, source, server));
        var templates = new SortedDictionary<string, string>(open.Context.Templates.ToDictionary(t => t.Key, t => t.Value), StringComparer.Ordinal);
        foreach (var modality in update.MovingTemplates)
        {
            cancellation.ThrowIfCancellationRequested();
            using var before = open.Context.Templates.TryGetValue(modality, out var hash) ? new SafetensorsReader(artifacts.PathOf(hash)) : null;
            templates[modality] = Publish(before, [update.Template(modality, before, source, server)]);
        }

        return new BuiltRound(model, templates, moments, Control(open, update, source, arrived), broadcast, [.. groups.Select(g => g with { QuantisationBound = update.QuantisationBound(g.Group) })]);

        string Publish(SafetensorsReader? before, IEnumerable<TensorSource> tensors) =>
            broadcast is null ? artifacts.Put(output => SafetensorsWriter.Write(output, tensors)) : PublishChange(key, before, tensors, format, broadcast);
    }

    private string? Control(RoundOpenDocument open, GlobalUpdate update, ISumSource source, Dictionary<string, GroupSum> arrived)
    {
        var before = open.Context.Control;
        if (!update.MovesControl)
        {
            return before;
        }

        using var file = before is null ? null : new SafetensorsReader(artifacts.PathOf(before));
        var part = (double)arrived[TensorGroups.Control].Addends / open.Context.Invited.Count;
        return artifacts.Put(output => SafetensorsWriter.Write(output, update.Control(file, source, part)));
    }

    /// <summary>Stores the change in fewer bits and, as the next file, what it leads to.</summary>
    private string PublishChange(RoundKey round, SafetensorsReader? before, IEnumerable<TensorSource> tensors, string format, Dictionary<string, BroadcastEntry> broadcast)
    {
        using var wanted = new SafetensorsReader(sums.WriteScratch(round, "wanted", output => SafetensorsWriter.Write(output, tensors)));
        var delta = artifacts.Put(output => SafetensorsWriter.Write(output, BroadcastDelta.Encode(before, wanted, format)));
        using var change = new SafetensorsReader(artifacts.PathOf(delta));
        var next = artifacts.Put(output => SafetensorsWriter.Write(output, BroadcastDelta.Apply(before, change)));
        using var made = new SafetensorsReader(artifacts.PathOf(next));
        broadcast[next] = BroadcastDelta.Measure(delta, before, wanted, made);
        return next;
    }

    /// <summary>Writes the server optimiser's moments, going on from those that the parent commit names.</summary>
    private string? Moments(RoundOpenDocument open, GlobalUpdate update, ISumSource source)
    {
        if (!update.HasMoments)
        {
            return null;
        }

        var parent = open.ParentCommit.Length > 0 ? documents.Read<RoundCommitDocument>(open.ParentCommit).ServerState : null;
        using var before = parent is null ? null : new SafetensorsReader(artifacts.PathOf(parent));
        return artifacts.Put(output => SafetensorsWriter.Write(output, update.Moments(before, source)));
    }

    private static GroupResult Arrived(GroupRoster group, RoundState state, RunDocument run)
    {
        var delivered = group.Participants.Where(p => state.Arrived.Contains(p.Site, StringComparer.Ordinal)).ToArray();
        var kept = state.Kept?.GetValueOrDefault(group.Group);
        var present = kept is null ? delivered : [.. delivered.Where(p => kept.Contains(p.Site, StringComparer.Ordinal))];
        var fewest = AggregationRules.FewestSites(run.Plan.Aggregation);
        var withheld = group.Withheld
            ?? (delivered.Length > 0 && delivered.Length < fewest ? $"the rule {run.Plan.Aggregation.Rule} needs {fewest} sites, {delivered.Length} delivered it" : null)
            ?? (TensorGroups.ModalityOf(group.Group) is not null ? ContributorFloor.Withhold(run.Plan, present.Length, "delivered") : null)
            ?? (present.Length == 0 ? "no update of it arrived" : null);
        return new GroupResult(group.Group, [.. present.Select(p => p.Site)], present.Sum(p => p.Weight), group.TotalWeight, withheld, 0);
    }
}
