namespace BrainMVP.Federated.Aggregator.ObjectStorage;

/// <summary>
/// A store that outlives this machine and that several silos share. The local folder is a cache of it: an object is there
/// before the file of the same name is here. Every request ends within a deadline, and blocks the calling thread at most so
/// long: 30 s and one second more for each MiB. A fetch is two requests.
/// </summary>
/// <remarks>All members throw BMF-1404 when the store does not answer in time, and BMF-1409 when it refuses.
/// What is fetched into memory may have 32 MiB (BMF-1402).</remarks>
public interface IObjectStore
{
    /// <summary>Stores a file; what had the name before is replaced.</summary>
    void Put(string name, string path);

    /// <summary>Stores a few bytes.</summary>
    void Put(string name, ReadOnlyMemory<byte> bytes);

    /// <summary>Writes an object to a file that does not exist yet, durably.</summary>
    /// <returns>False when there is no such object.</returns>
    bool TryGet(string name, string path);

    /// <summary>An object's bytes; null when there is none.</summary>
    byte[]? TryGet(string name);

    /// <summary>When an object was stored; null when there is none.</summary>
    DateTimeOffset? StoredAt(string name);

    /// <summary>Names that begin with a prefix, ordinal order.</summary>
    IReadOnlyList<string> List(string prefix);

    /// <summary>Removes an object; one that is not there is fine.</summary>
    void Delete(string name);
}
