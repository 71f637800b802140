using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Federation.Summation;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <inheritdoc cref="IShardGrain"/>
/// <remarks>The shard's file is its state: it appears whole or not at all, and can be computed again from the chunks.</remarks>
public sealed class ShardGrain(AggregationWorkers workers, ArtifactStore artifacts, DocumentStore documents, UploadStore uploads, SumStore sums) : Grain, IShardGrain
{
    private Task<bool>? _work;

    public Task<string?> Ensure(ShardOrder order)
    {
        var round = new RoundKey(order.Run, order.Round, order.Attempt);
        if (_work is { IsCompleted: false })
        {
            return Task.FromResult<string?>(null);
        }

        if (sums.Exists(round, order.Shard, order.Shards))
        {
            return Task.FromResult<string?>("");
        }

        if (_work is { IsCompleted: true } finished)
        {
            _work = null;
            if (finished.Exception?.InnerException is { } failure)
            {
                return Task.FromResult<string?>(failure is FederationException known ? $"{known.Code.Id}: {known.Message} {known.Code.Remedy}" : failure.Message);
            }
        }

        _work ??= workers.TryEnqueue(cancellation => Sum(order, round, cancellation));
        return Task.FromResult<string?>(null);
    }

    private bool Sum(ShardOrder order, RoundKey round, CancellationToken cancellation)
    {
        var layout = CanonicalJson.Deserialize<LayoutDocument>(File.ReadAllBytes(artifacts.PathOf(order.Layout)));
        var roster = documents.Read<RosterDocument>(order.Roster);
        var manifests = order.Manifests.ToDictionary(m => m.Key, m => documents.Read<UpdateManifest>(m.Value), StringComparer.Ordinal);
        var payloads = manifests.Keys.ToDictionary(s => s, s => PayloadMap.For(layout, roster, s).Only(g => IsKept(order, g, s)), StringComparer.Ordinal);
        var segments = ShardPlan.Segments(layout, roster, order.Shard, order.Shards);
        var plan = documents.Read<RunDocument>(order.RunDocument).Plan.Aggregation;
        using var source = PackedUpdates.Over(uploads.Source(round, manifests), plan.RingBits);
        sums.Write(round, order.Shard, order.Shards, output =>
        {
            if (plan.Rule is AggregationRules.Median or AggregationRules.TrimmedMean)
            {
                OrderStatistics.Sum(plan, segments, payloads, source, output, cancellation);
            }
            else
            {
                ShardSummation.Sum(segments, payloads, source, output, cancellation);
            }
        });
        return true;
    }

    private static bool IsKept(ShardOrder order, string group, string site) =>
        order.Kept is null || (order.Kept.TryGetValue(group, out var kept) && kept.Contains(site, StringComparer.Ordinal));
}
