namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>Coordinates the sum of one shard; the work runs on dedicated workers. Key: <c>RUN/ROUND/ATTEMPT/SHARD</c>.</summary>
[Alias("BrainMVP.Federated.IShardGrain")]
public interface IShardGrain : IGrainWithStringKey
{
    /// <summary>Starts the sum when it is neither done nor running, and tells whether it is done.</summary>
    /// <returns>Null while running; empty when done; otherwise why it failed. A failed sum is started again by the next call.</returns>
    [Alias("Ensure")]
    Task<string?> Ensure(ShardOrder order);
}

/// <summary>What to sum.</summary>
[GenerateSerializer, Immutable]
public sealed record ShardOrder(
    [property: Id(0)] string Run,
    [property: Id(1)] int Round,
    [property: Id(2)] int Attempt,
    [property: Id(3)] int Shard,
    [property: Id(4)] int Shards,
    [property: Id(5)] string Layout,
    [property: Id(6)] string Roster,
    [property: Id(7)] IReadOnlyDictionary<string, string> Manifests,
    [property: Id(8)] string RunDocument,
    [property: Id(9)] IReadOnlyDictionary<string, IReadOnlyList<string>>? Kept);
