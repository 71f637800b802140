using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using Google.Protobuf;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// Signed documents by the hash of their content. The signature is stored first and the content last, so a document
/// that can be found has its signature; putting the same content again keeps the first signature.
/// </summary>
public sealed class DocumentStore(string root)
{
    /// <summary>Stores a document durably and returns its hash.</summary>
    /// <param name="content">Canonical bytes.</param>
    /// <param name="sign">Makes the signature; called only when the document is new.</param>
    public string Put(ReadOnlyMemory<byte> content, Func<byte[]> sign)
    {
        var hash = CanonicalJson.Hash(content.Span);
        var path = PathOf(hash);
        if (!File.Exists(path))
        {
            DurableFile.WriteAllBytes(path + ".sig", sign());
            DurableFile.WriteAllBytes(path, content);
        }

        return hash;
    }

    /// <summary>Content and signature as they go over the wire.</summary>
    /// <exception cref="FederationException">BMF-1401 when it is not in the store.</exception>
    public SignedDocument Get(string hash)
    {
        var path = PathOf(hash);
        if (!File.Exists(path))
        {
            throw ErrorCatalogue.ArtifactMissing.With($"Document {hash}.");
        }

        return new SignedDocument
        {
            Content = ByteString.CopyFrom(File.ReadAllBytes(path)),
            Signature = ByteString.CopyFrom(File.ReadAllBytes(path + ".sig")),
        };
    }

    /// <summary>Reads a document's content.</summary>
    public T Read<T>(string hash) => CanonicalJson.Deserialize<T>(Get(hash).Content.Span);

    private string PathOf(string hash) => ArtifactStore.IsHash(hash)
        ? Path.Combine(root, hash[..2], hash)
        : throw ErrorCatalogue.ArtifactMissing.With($"\"{hash}\" is not a document name.");
}
