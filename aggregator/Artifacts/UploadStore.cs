using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Federation.Updates;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>One try of one round.</summary>
public readonly record struct RoundKey(string Run, int Round, int Attempt)
{
    /// <summary>Folder name below the run's folder.</summary>
    public string Folder => string.Create(CultureInfo.InvariantCulture, $"{Round:D6}-{Attempt}");
}

/// <summary>
/// Chunks of encoded updates, a folder for each site of a round. A chunk that is there is complete, verified and
/// durable; there is no other record of it. Sites never see each other's chunks.
/// </summary>
public sealed class UploadStore(string root)
{
    /// <summary>Indices of the manifest's chunks that are not there yet.</summary>
    public IEnumerable<int> Missing(RoundKey round, string site, UpdateManifest manifest) =>
        Enumerable.Range(0, manifest.Chunks.Count).Where(i => !File.Exists(ChunkPath(round, site, i, manifest.Chunks[i])));

    /// <summary>Keeps one chunk durably.</summary>
    /// <exception cref="FederationException">BMF-1402 when the bytes are not those of the manifest.</exception>
    public void Write(RoundKey round, string site, UpdateManifest manifest, int index, ReadOnlyMemory<byte> bytes)
    {
        if (index < 0 || index >= manifest.Chunks.Count || bytes.Length != LengthOf(manifest, index) || CanonicalJson.Hash(bytes.Span) != manifest.Chunks[index])
        {
            throw ErrorCatalogue.ArtifactCorrupt.With($"Chunk {index} of {site} does not match its manifest.");
        }

        DurableFile.Write(ChunkPath(round, site, index, manifest.Chunks[index]), output => CheckedChunk.Write(output, bytes.Span));
    }

    /// <summary>Bytes of a chunk: all but the last are full.</summary>
    public static int LengthOf(UpdateManifest manifest, int index) =>
        (int)Math.Min(Protocol.UpdateChunkBytes, manifest.Bytes - ((long)index * Protocol.UpdateChunkBytes));

    /// <summary>Reads the updates of a round; dispose it to close their files.</summary>
    public IUpdateSource Source(RoundKey round, IReadOnlyDictionary<string, UpdateManifest> manifests) =>
        new UpdateReader(manifests, (site, index) => ChunkPath(round, site, index, manifests[site].Chunks[index]));

    /// <summary>Removes a round's chunks after its commit.</summary>
    public void Delete(RoundKey round)
    {
        var folder = Path.Combine(root, round.Run, round.Folder);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string ChunkPath(RoundKey round, string site, int index, string hash) =>
        Path.Combine(root, round.Run, round.Folder, site, string.Create(CultureInfo.InvariantCulture, $"{index:D6}-{hash}.checked"));
}
