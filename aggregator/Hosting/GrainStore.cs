using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using Orleans.Storage;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>Holds one immutable state, so that the storage provider replaces it as a whole.</summary>
public sealed class Stored<T>
    where T : class
{
    public T? Value { get; set; }
}

/// <summary>Writes before showing: after a failed write the grain still has its old state.</summary>
public static class GrainStore
{
    /// <exception cref="FederationException">BMF-1403 or BMF-1404 when the state could not be written.</exception>
    public static async Task Save<T>(this IPersistentState<Stored<T>> store, T next)
        where T : class
    {
        var before = store.State.Value;
        store.State.Value = next;
        try
        {
            await store.WriteStateAsync();
        }
        catch (Exception e)
        {
            store.State.Value = before;
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
