using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Trust.Certificates;

/// <summary>
/// Decides whether a certificate was issued by the consortium's CA for a purpose and a role. Looks at nothing but its
/// arguments: no system trust store, no revocation server. Revocation is the allow-list's matter.
/// </summary>
public static class CertificateCheck
{
    /// <summary>Checks chain, validity, key usage, consortium and role.</summary>
    /// <param name="certificate">What the other side presented.</param>
    /// <param name="authority">The pinned CA certificate.</param>
    /// <param name="at">Instant at which the certificate must be valid.</param>
    /// <param name="purpose">What it is used for here.</param>
    /// <param name="roles">Roles accepted here, at least one.</param>
    /// <exception cref="FederationException">
    /// BMF-1202 when it is not a valid certificate of this consortium, BMF-1207 when the role is another; for servers
    /// always BMF-1205.
    /// </exception>
    public static CertificateIdentity Require(
        X509Certificate2 certificate, X509Certificate2 authority, DateTimeOffset at, CertificatePurpose purpose, params ReadOnlySpan<CertificateRole> roles)
    {
        var refused = purpose == CertificatePurpose.Server ? ErrorCatalogue.ServerUntrusted : ErrorCatalogue.CertificateRefused;
        if (ChainFault(certificate, authority, at, purpose) is { } fault)
        {
            throw refused.With($"{Describe(certificate)}: {fault}");
        }

        if (!CertificateIdentity.TryRead(certificate, out var identity))
        {
            throw refused.With($"{Describe(certificate)}: it carries no identity of a consortium.");
        }

        if (CertificateIdentity.ConsortiumOf(authority) is { } consortium && consortium != identity.Consortium)
        {
            throw refused.With($"{Describe(certificate)}: it is of consortium {identity.Consortium}, expected {consortium}.");
        }

        if (!roles.Contains(identity.Role))
        {
            var error = purpose == CertificatePurpose.Server ? refused : ErrorCatalogue.RoleMissing;
            var wanted = string.Join(" or ", roles.ToArray().Select(CertificateIdentity.RoleName));
            throw error.With($"{Describe(certificate)}: its role is {CertificateIdentity.RoleName(identity.Role)}, needed is {wanted}.");
        }

        return identity;
    }

    private static string? ChainFault(X509Certificate2 certificate, X509Certificate2 authority, DateTimeOffset at, CertificatePurpose purpose)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(CertificatePurposes.KeyUsage(purpose));
        var ok = chain.Build(certificate);
        try
        {
            if (!ok)
            {
                return string.Join(" ", chain.ChainStatus.Select(s => s.StatusInformation.Trim()).Distinct(StringComparer.Ordinal));
            }

            // The CA issues leaves directly, and the CA's own certificate speaks for nobody.
            if (chain.ChainElements.Count != 2 || !chain.ChainElements[1].Certificate.RawDataMemory.Span.SequenceEqual(authority.RawDataMemory.Span))
            {
                return "it was not issued directly by the consortium's CA.";
            }

            // An absent key usage extension would satisfy any purpose.
            var usage = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().SingleOrDefault();
            return usage is null ? "it does not say what it may be used for." : null;
        }
        finally
        {
            foreach (var element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }
        }
    }

    private static string Describe(X509Certificate2 certificate) => $"Certificate {certificate.Subject} (SHA-256 {Fingerprint.Of(certificate)})";
}
