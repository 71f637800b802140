using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Audit;
using BrainMVP.Federated.Trust.Certificates;
using Google.Protobuf;

namespace BrainMVP.Federated.SiteAgent.Enrollment;

/// <summary>Exchanges the certificate for a new one with a new key, over the connection that the old one opened.</summary>
public sealed class CertificateRenewal(SiteFolder folder, SiteIdentity identity, SiteLink link, AuditLog audit, TimeProvider time)
{
    public async Task RenewAsync(CancellationToken cancellation)
    {
        using var key = CertificateFiles.CreateKey();
        var client = new EnrollmentService.EnrollmentServiceClient(link.Control.Invoker);
        var request = new RenewRequest { CertificateRequest = ByteString.CopyFrom(CertificateFiles.CreateRequest(key, "site")) };
        var response = await link.Calls.OnceAsync(link.Control, o => client.RenewAsync(request, o), cancellation);
        using var certificate = X509CertificateLoader.LoadCertificate(response.Certificate.Span);
        new SiteEnrollment(folder, time).RequireOwn(certificate, key, identity.Authority);
        identity.Replace(certificate, key);

        // New connections present the new certificate.
        link.Reconnect();
        audit.Append("certificate.renewed", Fingerprint.Of(certificate));
    }
}
