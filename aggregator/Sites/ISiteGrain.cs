namespace BrainMVP.Federated.Aggregator.Sites;

/// <summary>One hospital: allow-list entry, data profile, liveness. Key: the site's name.</summary>
[Alias("BrainMVP.Federated.ISiteGrain")]
public interface ISiteGrain : IGrainWithStringKey
{
    /// <summary>Prepares enrolment with a token of which only the hash is kept.</summary>
    [Alias("Invite")]
    Task Invite(string secretHash, DateTimeOffset expires);

    /// <summary>Uses the token up. Only one certificate comes of one token.</summary>
    [Alias("RedeemToken")]
    Task RedeemToken(string secretHash);

    /// <summary>Puts a certificate on the allow-list; the one before stays valid until the new one is first used.</summary>
    [Alias("AllowCertificate")]
    Task AllowCertificate(string fingerprint, DateTimeOffset expires);

    /// <summary>Whether a certificate may speak: the authoritative answer for every request.</summary>
    [Alias("MaySpeak")]
    Task<bool> MaySpeak(string fingerprint);

    [Alias("Revoke")]
    Task Revoke(string reason);

    /// <summary>Keeps the latest signed data profile.</summary>
    [Alias("PublishProfile")]
    Task PublishProfile(SiteProfile profile);

    /// <summary>Invites the site to a run.</summary>
    [Alias("AddRun")]
    Task AddRun(string run);

    /// <summary>The run is over for this site.</summary>
    [Alias("RemoveRun")]
    Task RemoveRun(string run);

    /// <summary>The site polled. Liveness and progress are kept in memory only.</summary>
    [Alias("Heard")]
    Task Heard(string agentVersion, IReadOnlyList<SiteProgress> progress);

    [Alias("Get")]
    Task<SiteView> Get();
}

/// <summary>Counts of usable cases, from the signed profile document.</summary>
[GenerateSerializer, Immutable]
public sealed record SiteProfile(
    [property: Id(0)] string Document,
    [property: Id(1)] int Cases,
    [property: Id(2)] IReadOnlyDictionary<string, int> CasesByModality,
    [property: Id(3)] IReadOnlyDictionary<string, int> SkippedByReason);

/// <summary>What the site said it is doing.</summary>
[GenerateSerializer, Immutable]
public sealed record SiteProgress(
    [property: Id(0)] string Run,
    [property: Id(1)] int Round,
    [property: Id(2)] string Phase,
    [property: Id(3)] long Done,
    [property: Id(4)] long Total,
    [property: Id(5)] double Loss);

/// <summary>What is remembered of a site.</summary>
[GenerateSerializer, Immutable]
public sealed record SiteState
{
    [Id(0)] public int Version { get; init; } = 1;

    /// <summary>invited, enrolled or revoked.</summary>
    [Id(1)] public string Status { get; init; } = "invited";

    [Id(2)] public string TokenHash { get; init; } = "";

    [Id(3)] public DateTimeOffset TokenExpires { get; init; }

    /// <summary>SHA-256 of the certificates that may speak.</summary>
    [Id(4)] public IReadOnlyList<string> Fingerprints { get; init; } = [];

    [Id(5)] public DateTimeOffset CertificateExpires { get; init; }

    [Id(6)] public SiteProfile? Profile { get; init; }

    [Id(7)] public IReadOnlyList<string> Runs { get; init; } = [];
}

/// <summary>State and liveness of a site.</summary>
/// <param name="SilentSeconds">Since the last poll, or since this aggregator began to listen when there was none; −1 when never heard.</param>
[GenerateSerializer, Immutable]
public sealed record SiteView(
    [property: Id(0)] SiteState? State,
    [property: Id(1)] double SilentSeconds,
    [property: Id(2)] bool Heard,
    [property: Id(3)] string AgentVersion,
    [property: Id(4)] IReadOnlyList<SiteProgress> Progress);
