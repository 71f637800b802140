namespace BrainMVP.Federated.Aggregator.Consortium;

/// <summary>The consortium's directory: sites, runs and submission tokens. One grain, key <c>consortium</c>.</summary>
[Alias("BrainMVP.Federated.IConsortiumGrain")]
public interface IConsortiumGrain : IGrainWithStringKey
{
    /// <summary>The one key.</summary>
    const string Key = "consortium";

    [Alias("AddSite")]
    Task AddSite(string site);

    [Alias("Sites")]
    Task<IReadOnlyList<string>> Sites();

    /// <summary>Reserves a run name for a submission token; the same token answers the same run.</summary>
    /// <returns>The run that belongs to the token.</returns>
    [Alias("ReserveRun")]
    Task<string> ReserveRun(string token, string run);

    /// <summary>All runs, newest first.</summary>
    [Alias("Runs")]
    Task<IReadOnlyList<string>> Runs();

    /// <summary>Puts a release into the directory, unless there is one of this name.</summary>
    /// <returns>Document of the release of this name.</returns>
    [Alias("AddRelease")]
    Task<string> AddRelease(string name, string document);

    /// <summary>Documents of all releases by name.</summary>
    [Alias("Releases")]
    Task<IReadOnlyDictionary<string, string>> Releases();
}

/// <summary>What the consortium remembers.</summary>
[GenerateSerializer, Immutable]
public sealed record ConsortiumState
{
    [Id(0)] public int Version { get; init; } = 1;

    [Id(1)] public IReadOnlyList<string> Sites { get; init; } = [];

    [Id(2)] public IReadOnlyList<string> Runs { get; init; } = [];

    /// <summary>Run of each submission token.</summary>
    [Id(3)] public IReadOnlyDictionary<string, string> Tokens { get; init; } = new Dictionary<string, string>();

    /// <summary>Hash of each release's document by its name.</summary>
    [Id(4)] public IReadOnlyDictionary<string, string> Releases { get; init; } = new Dictionary<string, string>();
}
