using System.Security.Cryptography;

namespace BrainMVP.Federated.Trust.Certificates;

/// <summary>What a certificate is used for at the place that checks it.</summary>
public enum CertificatePurpose
{
    /// <summary>TLS client.</summary>
    Client,

    /// <summary>TLS server.</summary>
    Server,

    /// <summary>Signature of a document.</summary>
    Signing,
}

internal static class CertificatePurposes
{
    /// <summary>Extended key usage of each purpose: RFC 5280 §4.2.1.12 and RFC 9336 (document signing).</summary>
    public static Oid KeyUsage(CertificatePurpose purpose) => purpose switch
    {
        CertificatePurpose.Client => new Oid("1.3.6.1.5.5.7.3.2"),
        CertificatePurpose.Server => new Oid("1.3.6.1.5.5.7.3.1"),
        _ => new Oid("1.3.6.1.5.5.7.3.36"),
    };

    /// <summary>What each role's certificate may be used for.</summary>
    public static IReadOnlyList<CertificatePurpose> Of(CertificateRole role) => role switch
    {
        CertificateRole.Site or CertificateRole.Admin => [CertificatePurpose.Client, CertificatePurpose.Signing],
        CertificateRole.Aggregator => [CertificatePurpose.Signing],
        _ => [CertificatePurpose.Server],
    };
}
