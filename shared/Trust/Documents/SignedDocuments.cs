using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Certificates;

namespace BrainMVP.Federated.Trust.Documents;

/// <summary>
/// Detached CMS signatures (RFC 5652) over canonical documents. The signer's certificate travels in the signature;
/// trust comes from the pinned CA alone, never from the system's store.
/// </summary>
public static class SignedDocuments
{
    /// <summary>Largest signature accepted, in bytes.</summary>
    public const int MaximumSignatureBytes = 64 * 1024;

    private const string Sha256 = "2.16.840.1.101.3.4.2.1";
    private const string SigningTime = "1.2.840.113549.1.9.5";
    /// <summary>A machine whose clock is a wrong time zone or a summer time off still takes part.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromHours(2);

    /// <summary>Signs a document.</summary>
    /// <param name="content">Exactly the bytes that will be stored and sent.</param>
    /// <param name="withKey">Certificate with private key.</param>
    /// <param name="time">Clock of the signing time attribute.</param>
    /// <returns>CMS SignedData, DER, without the content.</returns>
    public static byte[] Sign(ReadOnlyMemory<byte> content, X509Certificate2 withKey, TimeProvider time)
    {
        var cms = new SignedCms(new ContentInfo(content.ToArray()), detached: true);
        var signer = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, withKey)
        {
            DigestAlgorithm = new Oid(Sha256),
            IncludeOption = X509IncludeOption.EndCertOnly,
        };
        signer.SignedAttributes.Add(new Pkcs9SigningTime(time.GetUtcNow().UtcDateTime));
        cms.ComputeSignature(signer, silent: true);
        return cms.Encode();
    }

    /// <summary>Verifies a signature and answers who signed.</summary>
    /// <param name="content">The document's bytes.</param>
    /// <param name="signature">CMS SignedData, DER.</param>
    /// <param name="authority">The pinned CA certificate.</param>
    /// <param name="now">The present.</param>
    /// <param name="archived">
    /// False: the signer's certificate must be valid now. True, for documents that outlive certificates: it must have
    /// been valid at the signing time, which the signature covers and which must not lie in the future.
    /// </param>
    /// <exception cref="FederationException">BMF-1203 when anything about the signature is wrong.</exception>
    public static CertificateIdentity Verify(
        ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> signature, X509Certificate2 authority, DateTimeOffset now, bool archived = false)
    {
        if (signature.Length is 0 or > MaximumSignatureBytes)
        {
            throw ErrorCatalogue.SignatureInvalid.With($"The signature has {signature.Length} bytes; 1 to {MaximumSignatureBytes} are allowed.");
        }

        var cms = new SignedCms(new ContentInfo(content.ToArray()), detached: true);
        try
        {
            cms.Decode(signature.Span);
            if (!cms.Detached || cms.SignerInfos.Count != 1)
            {
                throw ErrorCatalogue.SignatureInvalid.With($"The signature has {cms.SignerInfos.Count} signers or carries its own content; exactly one signer of a detached signature is allowed.");
            }

            cms.CheckSignature(verifySignatureOnly: true);
        }
        catch (CryptographicException e)
        {
            throw ErrorCatalogue.SignatureInvalid.With($"The signature does not fit the document: {e.Message}", e);
        }

        var signer = cms.SignerInfos[0];
        if (signer.DigestAlgorithm.Value != Sha256 || signer.Certificate is not { } certificate)
        {
            throw ErrorCatalogue.SignatureInvalid.With("The signature does not use SHA-256 or does not include the signer's certificate.");
        }

        var at = archived ? ReadSigningTime(signer, now) : now;
        try
        {
            return CertificateCheck.Require(
                certificate, authority, at, CertificatePurpose.Signing, CertificateRole.Aggregator, CertificateRole.Site, CertificateRole.Admin);
        }
        catch (FederationException e)
        {
            throw ErrorCatalogue.SignatureInvalid.With($"The signer is not of this consortium. {e.Message}", e);
        }
    }

    /// <summary>Verifies a signature and that the signer has a role and, when given, a name.</summary>
    /// <exception cref="FederationException">BMF-1203 when the signature is wrong or somebody else's.</exception>
    public static CertificateIdentity VerifyAs(
        ReadOnlyMemory<byte> content,
        ReadOnlyMemory<byte> signature,
        X509Certificate2 authority,
        DateTimeOffset now,
        CertificateRole role,
        string? name = null,
        bool archived = false)
    {
        var identity = Verify(content, signature, authority, now, archived);
        return identity.Role == role && (name is null || identity.Name == name)
            ? identity
            : throw ErrorCatalogue.SignatureInvalid.With($"The document is signed by {identity.Uri}, expected {CertificateIdentity.RoleName(role)} {name}.");
    }

    private static DateTimeOffset ReadSigningTime(SignerInfo signer, DateTimeOffset now)
    {
        foreach (var attribute in signer.SignedAttributes)
        {
            if (attribute.Oid.Value == SigningTime && attribute.Values.Count == 1 && attribute.Values[0] is Pkcs9SigningTime signed)
            {
                var at = new DateTimeOffset(DateTime.SpecifyKind(signed.SigningTime, DateTimeKind.Utc));
                return at <= now + ClockTolerance
                    ? at
                    : throw ErrorCatalogue.SignatureInvalid.With($"The signature claims to be made at {at:O}, in the future.");
            }
        }

        throw ErrorCatalogue.SignatureInvalid.With("The signature does not say when it was made.");
    }
}
