using System.Reflection;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.SiteAgent.Policy;
using BrainMVP.Federated.SiteAgent.Transport;
using BrainMVP.Federated.Trust.Audit;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Enrolment;
using BrainMVP.Federated.Trust.Transport;
using Google.Protobuf;

namespace BrainMVP.Federated.SiteAgent.Enrollment;

/// <summary>Joins a consortium: pins its CA by the token's fingerprint, makes a key here and has it certified.</summary>
public sealed class SiteEnrollment(SiteFolder folder, TimeProvider time)
{
    /// <summary>Version that the agent tells the aggregator.</summary>
    public static string AgentVersion { get; } =
        typeof(SiteEnrollment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <exception cref="FederationException">BMF-1201, BMF-1205, BMF-1407 and what the aggregator answers.</exception>
    public async Task<SiteSettings> EnrollAsync(AggregatorAddresses url, EnrolmentToken token, CancellationToken cancellation)
    {
        var calls = new AggregatorCalls(time);
        using var authority = await PinAuthorityAsync(calls, url, token, cancellation);
        using var key = CertificateFiles.CreateKey();
        using var channel = new AggregatorChannel(url, new ServerTrust(authority, time), () => null);
        var client = new EnrollmentService.EnrollmentServiceClient(channel.Invoker);
        var request = new EnrollRequest
        {
            Token = token.SecretText,
            CertificateRequest = ByteString.CopyFrom(CertificateFiles.CreateRequest(key, "site")),
            AgentVersion = AgentVersion,
        };

        // Once only: the token is used up by the first answer, even by one that is lost on the way.
        var response = await calls.OnceAsync(channel, o => client.EnrollAsync(request, o), cancellation);
        using var certificate = X509CertificateLoader.LoadCertificate(response.Certificate.Span);
        var identity = RequireOwn(certificate, key, authority);
        CertificateFiles.SaveCertificate(folder.Authority, authority);
        CertificateFiles.SaveIdentity(folder.Identity, certificate, key);
        var settings = File.Exists(folder.Settings)
            ? SiteSettings.Read(folder) with { Aggregator = url.ToString(), Consortium = identity.Consortium, Site = identity.Name }
            : new SiteSettings(url.ToString(), identity.Consortium, identity.Name, null);
        settings.Write(folder);
        if (!File.Exists(folder.Policy))
        {
            PolicyFile.Write(folder.Policy, new Contracts.Documents.PolicyDocument());
        }

        using var audit = AuditLog.Open(folder.Audit, time);
        audit.Append("site.enrolled", identity.Name, new Dictionary<string, string>
        {
            ["aggregator"] = settings.Aggregator,
            ["authority"] = Fingerprint.Of(authority),
            ["certificate"] = Fingerprint.Of(certificate),
        });
        return settings;
    }

    /// <summary>Checks that the aggregator certified this key for a site of the pinned consortium.</summary>
    internal CertificateIdentity RequireOwn(X509Certificate2 certificate, ECDsa key, X509Certificate2 authority)
    {
        var identity = CertificateCheck.Require(certificate, authority, time.GetUtcNow(), CertificatePurpose.Client, CertificateRole.Site);
        using var issued = certificate.GetECDsaPublicKey();
        return issued is not null && issued.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo())
            ? identity
            : throw ErrorCatalogue.CertificateRefused.With("The aggregator certified another key than the one that was sent.");
    }

    private async Task<X509Certificate2> PinAuthorityAsync(AggregatorCalls calls, AggregatorAddresses url, EnrolmentToken token, CancellationToken cancellation)
    {
        var trust = new ServerTrust(null, time);
        using var channel = new AggregatorChannel(url, trust, () => null);
        var client = new EnrollmentService.EnrollmentServiceClient(channel.Invoker);
        var response = await calls.CallAsync(channel, o => client.GetAuthorityAsync(new GetAuthorityRequest(), o), cancellation);
        X509Certificate2 authority;
        try
        {
            authority = X509CertificateLoader.LoadCertificate(response.Authority.Span);
        }
        catch (CryptographicException e)
        {
            throw ErrorCatalogue.ServerUntrusted.With("The server's CA certificate is malformed.", e);
        }

        if (Fingerprint.Of(authority) != token.AuthorityFingerprint)
        {
            throw ErrorCatalogue.ServerUntrusted.With($"The server's CA {Fingerprint.Of(authority)} is not the token's {token.AuthorityFingerprint}; the token's secret was not sent.");
        }

        ServerTrust.Require(trust.Presented!, authority, time.GetUtcNow());
        return authority;
    }
}
