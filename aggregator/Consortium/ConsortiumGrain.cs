using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Aggregator.Consortium;

/// <inheritdoc cref="IConsortiumGrain"/>
public sealed class ConsortiumGrain([PersistentState("consortium")] IPersistentState<Stored<ConsortiumState>> store) : Grain, IConsortiumGrain
{
    private ConsortiumState State => store.State.Settled ?? new ConsortiumState();

    public Task AddSite(string site) => State.Sites.Contains(site, StringComparer.Ordinal)
        ? Task.CompletedTask
        : store.Save(State with { Sites = [.. State.Sites.Append(site).Order(StringComparer.Ordinal)] });

    public Task<IReadOnlyList<string>> Sites() => Task.FromResult(State.Sites);

    public async Task<string> ReserveRun(string token, string run)
    {
        if (State.Tokens.TryGetValue(token, out var known))
        {
            return known;
        }

        if (State.Runs.Contains(run, StringComparer.Ordinal))
        {
            throw ErrorCatalogue.RunStateConflict.With($"There already is a run {run}; choose another name.");
        }

        await store.Save(State with
        {
            Runs = [run, .. State.Runs],
            Tokens = new Dictionary<string, string>(State.Tokens, StringComparer.Ordinal) { [token] = run },
        });
        return run;
    }

    public Task<IReadOnlyList<string>> Runs() => Task.FromResult(State.Runs);

    public async Task<string> AddRelease(string name, string document)
    {
        if (State.Releases.TryGetValue(name, out var known))
        {
            return known;
        }

        await store.Save(State with { Releases = new Dictionary<string, string>(State.Releases, StringComparer.Ordinal) { [name] = document } });
        return document;
    }

    public Task<IReadOnlyDictionary<string, string>> Releases() => Task.FromResult(State.Releases);
}
