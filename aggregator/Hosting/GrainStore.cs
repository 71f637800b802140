using System.Text.Json.Serialization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using Orleans.Storage;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>Holds one immutable state, so that the storage provider replaces it as a whole.</summary>
public sealed class Stored<T>
    where T : class
{
    private T? _before;
    private bool _isWriting;

    public T? Value { get; set; }

    /// <summary>
    /// The state that is in the storage. Questions that come while a state is being written see this one: what a failed
    /// write takes back must not have been told to anybody.
    /// </summary>
    [JsonIgnore]
    public T? Settled => _isWriting ? _before : Value;

    /// <summary>Puts a state in place that is not in the storage yet.</summary>
    internal void Begin(T next) => (_before, _isWriting, Value) = (Value, true, next);

    /// <summary>The write has ended.</summary>
    internal void End(bool written) => (Value, _before, _isWriting) = (written ? Value : _before, null, false);
}

/// <summary>Writes before showing: after a failed write the grain still has its old state.</summary>
public static class GrainStore
{
    /// <exception cref="FederationException">BMF-1403 or BMF-1404 when the state could not be written.</exception>
    public static async Task Save<T>(this IPersistentState<Stored<T>> store, T next)
        where T : class
    {
        var state = store.State;
        state.Begin(next);
        try
        {
            await store.WriteStateAsync();
            state.End(written: true);
        }
        catch (Exception e)
        {
            state.End(written: false);
            if (e is InconsistentStateException)
            {
                // The stored version is another than the one this activation knows: a write whose answer was lost, or
                // another writer. Without reading it again no later write could succeed.
                await store.ReadStateAsync();
                throw ErrorCatalogue.StorageUnavailable.With("The state had been written by someone else; it was read again.", e);
            }

            var full = e is Microsoft.Data.Sqlite.SqliteException { SqliteErrorCode: 13 }
                || e.GetBaseException() is Npgsql.PostgresException { SqlState: Npgsql.PostgresErrorCodes.DiskFull } || DurableFile.IsDiskFull(e.GetBaseException());
            throw (full ? ErrorCatalogue.DiskFull : ErrorCatalogue.StorageUnavailable).With(e.GetBaseException().Message, e);
        }
    }
}
