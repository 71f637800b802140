using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Documents;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>Signs the aggregator's documents and verifies those of sites.</summary>
public sealed class DocumentSigner(TrustFiles trust, DocumentStore documents, TimeProvider time)
{
    /// <summary>Signs a document once and keeps it durably; returns its hash.</summary>
    public string Publish<T>(T document)
    {
        var content = CanonicalJson.Serialize(document);
        return documents.Put(content, () => SignedDocuments.Sign(content, trust.Signer, time));
    }

    /// <summary>Verifies a document that a site signed and keeps it; returns its content and hash.</summary>
    public (T Document, string Hash) Accept<T>(SignedDocument signed, CertificateIdentity caller)
    {
        SignedDocuments.VerifyAs(signed.Content.Memory, signed.Signature.Memory, trust.Authority, time.GetUtcNow(), caller.Role, caller.Name);
        var document = CanonicalJson.Deserialize<T>(signed.Content.Span);
        return (document, documents.Put(signed.Content.Memory, () => signed.Signature.ToByteArray()));
    }

    /// <summary>The CA that both sides trust.</summary>
    public X509Certificate2 Authority => trust.Authority;
}
