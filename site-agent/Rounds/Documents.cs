using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Documents;
using Google.Protobuf;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Signing and verifying of the documents that site and aggregator exchange.</summary>
public static class Documents
{
    /// <summary>UTC, ISO 8601 with seconds.</summary>
    public static string Now(TimeProvider time) => time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>
    /// Checks that the consortium's aggregator signed a document, and reads it. Rounds may last longer than the
    /// aggregator's certificate, so it must have been valid when it signed.
    /// </summary>
    /// <exception cref="FederationException">BMF-1203, BMF-1011.</exception>
    public static T Accept<T>(SiteContext site, SignedDocument document)
    {
        SignedDocuments.VerifyAs(document.Content.Memory, document.Signature.Memory, site.Identity.Authority, site.Time.GetUtcNow(), CertificateRole.Aggregator, archived: true);
        return CanonicalJson.Deserialize<T>(document.Content.Span);
    }

    /// <summary>Verifies a document and keeps it; one that is there already must be the same.</summary>
    public static T AcceptAndKeep<T>(SiteContext site, SignedDocument document, string path)
    {
        var content = Accept<T>(site, document);
        if (!SignedFile.Exists(path))
        {
            SignedFile.Save(path, document);
        }
        else if (!File.ReadAllBytes(path).AsSpan().SequenceEqual(document.Content.Span))
        {
            throw ErrorCatalogue.ContextMismatch.With($"The aggregator sent a second, different version of {Path.GetFileName(path)}.");
        }

        return content;
    }

    /// <summary>Reads a document of this site or one that was verified when it came.</summary>
    public static T Read<T>(string path) => CanonicalJson.Deserialize<T>(File.ReadAllBytes(path));

    /// <summary>
    /// This site's signed document at a path: the one made before, or a new one. It is on disk before anyone sees it,
    /// so that doing a step again never yields a second version.
    /// </summary>
    public static SignedDocument MakeOnce<T>(SiteContext site, string path, Func<T> make)
    {
        if (!SignedFile.Exists(path))
        {
            var content = CanonicalJson.Serialize(make());
            SignedFile.Save(path, new SignedDocument
            {
                Content = ByteString.CopyFrom(content),
                Signature = ByteString.CopyFrom(site.Identity.Sign(content)),
            });
        }

        return SignedFile.Load(path);
    }

    public static string HashOf(SignedDocument document) => CanonicalJson.Hash(document.Content.Span);
}
