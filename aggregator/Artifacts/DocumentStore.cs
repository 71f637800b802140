using BrainMVP.Federated.Aggregator.ObjectStorage;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using Google.Protobuf;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// Signed documents by the hash of their content. The signature is stored first and the content last, so a document
/// that can be found has its signature; putting the same content again keeps the first signature. With an object store they
/// are there before they are in the folder.
/// </summary>
/// <param name="root">Folder.</param>
/// <param name="objects">Where documents are kept besides; null for the folder alone.</param>
public sealed class DocumentStore(string root, IObjectStore? objects = null)
{
    private const string Kind = "documents/";
    private const string SignatureMark = ".sig";

    /// <summary>Stores a document durably and returns its hash.</summary>
    /// <param name="content">Canonical bytes.</param>
    /// <param name="sign">Makes the signature; called only when the document is new.</param>
    public string Put(ReadOnlyMemory<byte> content, Func<byte[]> sign)
    {
        var hash = CanonicalJson.Hash(content.Span);
        if (!Find(hash))
        {
            var signature = sign();
            objects?.Put(NameOf(hash) + SignatureMark, signature);
            objects?.Put(NameOf(hash), content);
            Keep(hash, content, signature);
        }

        return hash;
    }

    /// <summary>Content and signature as they go over the wire.</summary>
    /// <exception cref="FederationException">BMF-1401 when it is not in the store.</exception>
    public SignedDocument Get(string hash)
    {
        var path = PathOf(hash);
        if (!Find(hash))
        {
            throw ErrorCatalogue.ArtifactMissing.With($"Document {hash}.");
        }

        return new SignedDocument
        {
            Content = ByteString.CopyFrom(File.ReadAllBytes(path)),
            Signature = ByteString.CopyFrom(File.ReadAllBytes(path + SignatureMark)),
        };
    }

    /// <summary>Reads a document's content.</summary>
    public T Read<T>(string hash) => CanonicalJson.Deserialize<T>(Get(hash).Content.Span);

    /// <summary>Stores in the object store what the folder had before there was one.</summary>
    public void Share()
    {
        var there = objects!.List(Kind).ToHashSet(StringComparer.Ordinal);
        var known = Directory.Exists(root) ? Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Select(f => Path.GetFileName(f)).Where(ArtifactStore.IsHash) : [];
        foreach (var hash in known.Where(h => !there.Contains(NameOf(h))))
        {
            objects.Put(NameOf(hash) + SignatureMark, PathOf(hash) + SignatureMark);
            objects.Put(NameOf(hash), PathOf(hash));
        }
    }

    /// <summary>Whether a document is in the folder, afterwards.</summary>
    private bool Find(string hash)
    {
        if (File.Exists(PathOf(hash)))
        {
            return true;
        }

        if (objects?.TryGet(NameOf(hash)) is not { } content || objects.TryGet(NameOf(hash) + SignatureMark) is not { } signature)
        {
            return false;
        }

        if (CanonicalJson.Hash(content) != hash)
        {
            throw ErrorCatalogue.ArtifactCorrupt.With($"The bucket holds other bytes under the name of document {hash}.");
        }

        Keep(hash, content, signature);
        return true;
    }

    private void Keep(string hash, ReadOnlyMemory<byte> content, byte[] signature)
    {
        DurableFile.WriteAllBytes(PathOf(hash) + SignatureMark, signature);
        DurableFile.WriteAllBytes(PathOf(hash), content);
    }

    private static string NameOf(string hash) => $"{Kind}{hash[..2]}/{hash}";

    private string PathOf(string hash) => ArtifactStore.IsHash(hash)
        ? Path.Combine(root, hash[..2], hash)
        : throw ErrorCatalogue.ArtifactMissing.With($"\"{hash}\" is not a document name.");
}
