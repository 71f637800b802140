using System.Globalization;
using System.Security.Cryptography;
using BrainMVP.Federated.Aggregator.ObjectStorage;
using BrainMVP.Federated.Contracts.Documents;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// The durable chunks of one update in an object store, one object each. A name holds the beginning of the chunk's hash, so
/// that chunks of another manifest do not count.
/// </summary>
public sealed class ChunkObjects(IObjectStore objects, RoundKey round, string site)
{
    private const string Kind = "uploads/";

    /// <summary>Chunks of one update that are sent or fetched at the same time.</summary>
    private const int Together = 4;

    private readonly string _prefix = $"{RoundName(round)}{site}/";

    /// <summary>Removes the chunks of all sites of a round.</summary>
    public static void Delete(IObjectStore objects, RoundKey round)
    {
        foreach (var name in objects.List(RoundName(round)))
        {
            objects.Delete(name);
        }
    }

    /// <summary>Whether any chunk of a round is there.</summary>
    public static bool Any(IObjectStore objects, string run, string folder) => objects.List($"{Kind}{run}/{folder}/").Count > 0;

    /// <summary>Chunks of a manifest that are not there.</summary>
    public IReadOnlyList<int> Missing(UpdateManifest manifest)
    {
        var there = objects.List(_prefix).ToHashSet(StringComparer.Ordinal);
        return [.. Enumerable.Range(0, manifest.Chunks.Count).Where(c => !there.Contains(NameOf(manifest, c)))];
    }

    /// <summary>Stores chunks.</summary>
    public void Put(UpdateManifest manifest, IReadOnlyCollection<int> chunks, Func<int, byte[]> read) =>
        ForEach(chunks, chunk => objects.Put(NameOf(manifest, chunk), read(chunk)));

    /// <summary>Fetches those of some chunks that are there and have the bytes that the manifest names.</summary>
    public void Get(UpdateManifest manifest, IReadOnlyCollection<int> chunks, Action<int, byte[]> take) => ForEach(chunks, chunk =>
    {
        if (objects.TryGet(NameOf(manifest, chunk)) is { } bytes && Convert.ToHexStringLower(SHA256.HashData(bytes)) == manifest.Chunks[chunk])
        {
            take(chunk, bytes);
        }
    });

    /// <summary>Some at a time; what the first failure says is thrown as it is.</summary>
    private static void ForEach(IReadOnlyCollection<int> chunks, Action<int> action)
    {
        foreach (var group in chunks.Chunk(Together))
        {
            var failures = new Exception?[group.Length];
            Parallel.For(0, group.Length, i =>
            {
                try
                {
                    action(group[i]);
                }
                catch (Exception e)
                {
                    failures[i] = e;
                }
            });
            if (failures.FirstOrDefault(f => f is not null) is { } failure)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
            }
        }
    }

    private static string RoundName(RoundKey round) => $"{Kind}{round.Run}/{round.Folder}/";

    private string NameOf(UpdateManifest manifest, int chunk) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}{chunk:D6}-{manifest.Chunks[chunk][..16]}");
}
