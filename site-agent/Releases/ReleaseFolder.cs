using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Rounds;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Documents;

namespace BrainMVP.Federated.SiteAgent.Releases;

/// <summary>A release on disk: <c>release.json</c> with its signature, network, templates and model card. <c>finetune --encoder</c> takes it as it is.</summary>
public sealed class ReleaseFolder(string root)
{
    /// <summary>The consortium's CA, so that the folder can be verified where no site is enrolled.</summary>
    public string Authority => Path.Combine(root, "ca.crt");

    public string Document => Path.Combine(root, "release.json");

    /// <summary>Files of a release by their place in the folder.</summary>
    public IEnumerable<(string Path, ReleaseFile File)> Files(ReleaseDocument release) =>
        release.Templates.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => (Path.Combine(root, "templates", Contracts.Identity.Names.Require(t.Key, "modality") + ".safetensors"), t.Value))
            .Prepend((Path.Combine(root, "model.safetensors"), release.Model))
            .Append((Path.Combine(root, "README.md"), release.Card));

    /// <summary>Reads a signed release document.</summary>
    /// <exception cref="FederationException">BMF-1203 when it is not signed by the consortium's aggregator; BMF-1011.</exception>
    public static ReleaseDocument Accept(SignedDocument signed, X509Certificate2 authority, DateTimeOffset now)
    {
        SignedDocuments.VerifyAs(signed.Content.Memory, signed.Signature.Memory, authority, now, CertificateRole.Aggregator, archived: true);
        return CanonicalJson.Deserialize<ReleaseDocument>(signed.Content.Span);
    }

    /// <summary>Checks the signature and every byte.</summary>
    /// <exception cref="FederationException">BMF-1203, BMF-1401 for a missing file, BMF-1402 for one with other bytes.</exception>
    public ReleaseDocument Verify(X509Certificate2 authority, DateTimeOffset now)
    {
        if (!SignedFile.Exists(Document))
        {
            throw ErrorCatalogue.ArtifactMissing.With($"{Document} or its signature; {root} holds no release.");
        }

        var release = Accept(SignedFile.Load(Document), authority, now);
        foreach (var (path, file) in Files(release))
        {
            if (!File.Exists(path))
            {
                throw ErrorCatalogue.ArtifactMissing.With(path);
            }

            if (new FileInfo(path).Length != file.Bytes || FileHash.Of(path) != file.Hash)
            {
                throw ErrorCatalogue.ArtifactCorrupt.With($"{path} is not what release {release.Name} names.");
            }
        }

        return release;
    }
}
