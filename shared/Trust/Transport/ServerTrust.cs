using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Certificates;

namespace BrainMVP.Federated.Trust.Transport;

/// <summary>
/// Decides which server the agent talks to: one with a server certificate of the pinned CA, under the name that was
/// dialled. Without a CA, before enrolment, any server is let in and its certificate is kept for a later check.
/// </summary>
public sealed class ServerTrust(X509Certificate2? authority, TimeProvider time)
{
    /// <summary>DER of the last server certificate seen.</summary>
    public byte[]? Presented { get; private set; }

    /// <summary>Why the last handshake was refused; null when it was not. TLS itself reports only that it failed.</summary>
    public FederationException? Refusal { get; private set; }

    public bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        Refusal = Judge(certificate, errors);
        return Refusal is null;
    }

    /// <summary>Checks a certificate that was presented before the CA was known.</summary>
    /// <exception cref="FederationException">BMF-1205.</exception>
    public static void Require(byte[] presented, X509Certificate2 authority, DateTimeOffset now)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(presented);
        CertificateCheck.Require(certificate, authority, now, CertificatePurpose.Server, CertificateRole.Server);
    }

    private FederationException? Judge(X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return ErrorCatalogue.ServerUntrusted.With("The server presented no certificate.");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return ErrorCatalogue.ServerUntrusted.With($"The certificate {certificate.Subject} is not for the address that was dialled.");
        }

        Presented = certificate.GetRawCertData();
        if (authority is null)
        {
            return null;
        }

        try
        {
            Require(Presented, authority, time.GetUtcNow());
            return null;
        }
        catch (FederationException e)
        {
            return e;
        }
    }
}
