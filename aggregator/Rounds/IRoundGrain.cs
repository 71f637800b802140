using BrainMVP.Federated.Contracts.V1;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>One round of a run. Key: <c>RUN/ROUND</c>.</summary>
[Alias("BrainMVP.Federated.IRoundGrain")]
public interface IRoundGrain : IGrainWithStringKey
{
    /// <summary>Opens the round; opening the same document again changes nothing.</summary>
    [Alias("Open")]
    Task Open(RoundOpening opening);

    /// <summary>Does what follows a final state and was left undone; harmless when nothing was.</summary>
    [Alias("Settle")]
    Task Settle();

    /// <summary>The state; null before the opening.</summary>
    [Alias("Get"), Orleans.Concurrency.AlwaysInterleave]
    Task<RoundState?> Get();

    /// <summary>Adds a verified report document.</summary>
    [Alias("Report")]
    Task Report(string site, string document);

    /// <summary>The site will not take part, with the reason.</summary>
    [Alias("Decline")]
    Task Decline(string site, string reason);

    /// <summary>Announces a verified upload manifest.</summary>
    [Alias("BeginUpload")]
    Task BeginUpload(string site, string manifest);

    /// <summary>The site's chunks are all there and valid.</summary>
    [Alias("CompleteUpload")]
    Task CompleteUpload(string site, string manifest);

    /// <summary>Pauses until the disk has room for something that a site brings.</summary>
    [Alias("AwaitRoom")]
    Task AwaitRoom(long bytes, string reason);

    /// <summary>Carries out an administrator's action on the current step.</summary>
    [Alias("Control")]
    Task Control(RoundControl control, int seconds, string reason);
}

/// <summary>What an administrator can do to a round.</summary>
public enum RoundControl
{
    ExtendDeadline,
    CloseNow,
    Resume,
    Abandon,
}

/// <summary>An opening: the document and what the grain needs of the plan.</summary>
[GenerateSerializer, Immutable]
public sealed record RoundOpening(
    [property: Id(0)] string Run,
    [property: Id(1)] int Round,
    [property: Id(2)] int Attempt,
    [property: Id(3)] string Document,
    [property: Id(4)] string RunDocument,
    [property: Id(5)] IReadOnlyList<string> Invited,
    [property: Id(6)] DateTimeOffset OpenedAt,
    [property: Id(7)] DateTimeOffset Deadline,
    [property: Id(8)] IReadOnlyList<string> Shared);
