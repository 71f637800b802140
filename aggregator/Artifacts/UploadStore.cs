using System.Globalization;
using BrainMVP.Federated.Aggregator.ObjectStorage;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>One try of one round.</summary>
public readonly record struct RoundKey(string Run, int Round, int Attempt)
{
    /// <summary>Folder name below the run's folder.</summary>
    public string Folder => string.Create(CultureInfo.InvariantCulture, $"{Round:D6}-{Attempt}");
}

/// <summary>
/// Encoded updates, a folder for each site of a round: one file with the payload, and journals of the chunks of it that
/// are complete, verified and durable. Sites never see each other's.
/// </summary>
/// <param name="root">Folder.</param>
/// <param name="writer">Name of this process among those that share the folder.</param>
/// <param name="objects">Where silos that share no folder find each other's chunks; null where they do.</param>
public sealed class UploadStore(string root, string writer = "aggregator", IObjectStore? objects = null)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(RoundKey Round, string Site), UpdateSink> _open = [];
    private readonly Dictionary<(RoundKey Round, string Site), Dictionary<int, int>> _partials = [];

    /// <summary>Indices of the manifest's chunks that are not there yet.</summary>
    public IReadOnlyList<int> Missing(RoundKey round, string site, UpdateManifest manifest)
    {
        var there = ChunkJournal.Read(FolderOf(round, site), manifest);
        if (there.Count < manifest.Chunks.Count && Objects(round, site) is { } shared)
        {
            return [.. shared.Missing(manifest).Where(c => !there.ContainsKey(c))];
        }

        return [.. Enumerable.Range(0, manifest.Chunks.Count).Where(i => !there.ContainsKey(i))];
    }

    /// <summary>Bytes of missing chunks that broken streams left, by index. A process that is started again knows of none.</summary>
    public IReadOnlyDictionary<int, int> Partials(RoundKey round, string site)
    {
        lock (_gate)
        {
            return _partials.TryGetValue((round, site), out var known) ? known.ToDictionary() : [];
        }
    }

    /// <summary>Whether the room of an update is taken.</summary>
    public bool IsReserved(RoundKey round, string site, UpdateManifest manifest) =>
        new FileInfo(DataPath(FolderOf(round, site))) is { Exists: true } file && file.Length == manifest.Bytes;

    /// <summary>Takes the room that a whole update needs.</summary>
    /// <exception cref="FederationException">BMF-1403 when the disk does not have it.</exception>
    public void Reserve(RoundKey round, string site, UpdateManifest manifest) => Close(round, site, Open(round, site, manifest));

    /// <summary>Opens an update for one more stream; <see cref="Close"/> it when the stream ends.</summary>
    public UpdateSink Open(RoundKey round, string site, UpdateManifest manifest)
    {
        lock (_gate)
        {
            if (!_open.TryGetValue((round, site), out var sink))
            {
                if (!_partials.TryGetValue((round, site), out var partials))
                {
                    _partials.Add((round, site), partials = []);
                }

                _open.Add((round, site), sink = new UpdateSink(FolderOf(round, site), manifest, writer, partials, Objects(round, site)));
            }

            sink.Users++;
            return sink;
        }
    }

    public void Close(RoundKey round, string site, UpdateSink sink)
    {
        lock (_gate)
        {
            if (--sink.Users == 0)
            {
                _open.Remove((round, site));
                sink.Dispose();
                if (_partials.TryGetValue((round, site), out var left) && left.Count == 0)
                {
                    // Only the process that ends the round is told to delete it; the others must not remember it for ever.
                    _partials.Remove((round, site));
                }
            }
        }
    }

    /// <summary>Bytes of a chunk: all but the last are full.</summary>
    public static int LengthOf(UpdateManifest manifest, int index) =>
        (int)Math.Min(Protocol.UpdateChunkBytes, manifest.Bytes - ((long)index * Protocol.UpdateChunkBytes));

    /// <summary>Reads the updates of a round; dispose it to close their files.</summary>
    /// <exception cref="FederationException">BMF-1402 when an update is incomplete.</exception>
    public IUpdateSource Source(RoundKey round, IReadOnlyDictionary<string, UpdateManifest> manifests)
    {
        foreach (var (site, manifest) in objects is null ? [] : manifests.OrderBy(m => m.Key, StringComparer.Ordinal).ToArray())
        {
            Fetch(round, site, manifest);
        }

        return new UpdateReader(manifests, site => FolderOf(round, site));
    }

    /// <summary>Removes a round's updates after its commit.</summary>
    public void Delete(RoundKey round)
    {
        lock (_gate)
        {
            foreach (var key in _partials.Keys.Where(k => k.Round == round).ToArray())
            {
                _partials.Remove(key);
            }
        }

        var folder = Path.Combine(root, round.Run, round.Folder);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        if (objects is not null)
        {
            ChunkObjects.Delete(objects, round);
        }
    }

    /// <summary>Brings chunks that other silos received.</summary>
    private void Fetch(RoundKey round, string site, UpdateManifest manifest)
    {
        if (ChunkJournal.Read(FolderOf(round, site), manifest).Count == manifest.Chunks.Count)
        {
            return;
        }

        var sink = Open(round, site, manifest);
        try
        {
            sink.Fetch();
        }
        finally
        {
            Close(round, site, sink);
        }
    }

    private ChunkObjects? Objects(RoundKey round, string site) => objects is null ? null : new ChunkObjects(objects, round, site);

    /// <summary>The payload's file in an update's folder.</summary>
    internal static string DataPath(string folder) => Path.Combine(folder, "update");

    private string FolderOf(RoundKey round, string site) => Path.Combine(root, round.Run, round.Folder, site);
}
