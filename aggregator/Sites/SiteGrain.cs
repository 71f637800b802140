using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Aggregator.Sites;

/// <inheritdoc cref="ISiteGrain"/>
public sealed class SiteGrain([PersistentState("site")] IPersistentState<Stored<SiteState>> store, TimeProvider time) : Grain, ISiteGrain
{
    private readonly DateTimeOffset _listeningSince = time.GetUtcNow();
    private DateTimeOffset? _heard;
    private string _agentVersion = "";
    private IReadOnlyList<SiteProgress> _progress = [];

    private string Name => this.GetPrimaryKeyString();

    public Task Invite(string secretHash, DateTimeOffset expires)
    {
        var state = store.State.Settled ?? new SiteState();
        return store.Save(state with
        {
            Status = state.Status == "revoked" ? "invited" : state.Status,
            TokenHash = secretHash,
            TokenExpires = expires,
        });
    }

    public Task RedeemToken(string secretHash)
    {
        var state = store.State.Settled;
        if (state is null || state.TokenHash.Length == 0 || state.TokenHash != secretHash || time.GetUtcNow() > state.TokenExpires)
        {
            throw ErrorCatalogue.TokenInvalid.With($"The token for {Name} was used, has expired or is unknown.");
        }

        return store.Save(state with { TokenHash = "", Status = "enrolled", Fingerprints = [] });
    }

    public Task AllowCertificate(string fingerprint, DateTimeOffset expires)
    {
        var state = Require();
        return store.Save(state with { Fingerprints = [.. state.Fingerprints.TakeLast(1), fingerprint], CertificateExpires = expires });
    }

    public async Task<bool> MaySpeak(string fingerprint)
    {
        var state = store.State.Settled;
        if (state is not { Status: "enrolled" } || !state.Fingerprints.Contains(fingerprint, StringComparer.Ordinal))
        {
            return false;
        }

        if (state.Fingerprints.Count > 1 && state.Fingerprints[^1] == fingerprint)
        {
            await store.Save(state with { Fingerprints = [fingerprint] });
        }

        return true;
    }

    public Task Revoke(string reason) => store.Save(Require() with { Status = "revoked", Fingerprints = [], TokenHash = "" });

    public Task PublishProfile(SiteProfile profile) => Require().Profile?.Document == profile.Document ? Task.CompletedTask : store.Save(Require() with { Profile = profile });

    public Task AddRun(string run)
    {
        var state = Require();
        return state.Runs.Contains(run, StringComparer.Ordinal) ? Task.CompletedTask : store.Save(state with { Runs = [.. state.Runs, run] });
    }

    public Task RemoveRun(string run)
    {
        var state = Require();
        return state.Runs.Contains(run, StringComparer.Ordinal) ? store.Save(state with { Runs = [.. state.Runs.Where(r => r != run)] }) : Task.CompletedTask;
    }

    public Task Heard(string agentVersion, IReadOnlyList<SiteProgress> progress)
    {
        _heard = time.GetUtcNow();
        _agentVersion = agentVersion;
        _progress = progress;
        return Task.CompletedTask;
    }

    public Task<SiteView> Get() => Task.FromResult(new SiteView(
        store.State.Settled,
        (time.GetUtcNow() - (_heard ?? _listeningSince)).TotalSeconds,
        _heard is not null,
        _agentVersion,
        _progress));

    private SiteState Require() => store.State.Settled ?? throw ErrorCatalogue.SiteNotFound.With($"Site {Name}.");
}
