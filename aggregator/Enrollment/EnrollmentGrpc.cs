using BrainMVP.Federated.Aggregator.Audit;
using BrainMVP.Federated.Aggregator.Consortium;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Sites;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Enrolment;
using Google.Protobuf;
using Grpc.Core;

namespace BrainMVP.Federated.Aggregator.Enrollment;

/// <summary>Gives sites their certificates: first against a one-time token, later against the certificate they have.</summary>
public sealed class EnrollmentGrpc(TrustFiles trust, Caller caller, IGrainFactory grains) : EnrollmentService.EnrollmentServiceBase
{
    private const int MaximumRequestBytes = 8 * 1024;
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    public override Task<GetAuthorityResponse> GetAuthority(GetAuthorityRequest request, ServerCallContext context) =>
        Task.FromResult(new GetAuthorityResponse { Authority = ByteString.CopyFrom(trust.Authority.RawData) });

    public override async Task<EnrollResponse> Enroll(EnrollRequest request, ServerCallContext context)
    {
        if (request.Token.Length is < 16 or > 256)
        {
            throw ErrorCatalogue.TokenInvalid.With("The token has the wrong length.");
        }

        var hash = EnrolmentToken.HashSecret(request.Token);
        foreach (var name in await grains.GetGrain<IConsortiumGrain>(IConsortiumGrain.Key).Sites())
        {
            var site = grains.GetGrain<ISiteGrain>(name);
            if ((await site.Get()).State?.TokenHash == hash)
            {
                // The request is checked before the token is used up: a malformed one must not cost the site its token.
                using var certificate = Issue(request.CertificateRequest, name);
                await site.RedeemToken(hash);
                return await Answer(site, name, certificate, "site.enrolled");
            }
        }

        throw ErrorCatalogue.TokenInvalid.With("No site waits for this token.");
    }

    public override async Task<EnrollResponse> Renew(RenewRequest request, ServerCallContext context)
    {
        var identity = await caller.Require(context, CertificateRole.Site);
        using var certificate = Issue(request.CertificateRequest, identity.Name);
        return await Answer(grains.GetGrain<ISiteGrain>(identity.Name), identity.Name, certificate, "site.renewed");
    }

    private System.Security.Cryptography.X509Certificates.X509Certificate2 Issue(ByteString request, string site) => request.Length > MaximumRequestBytes
        ? throw ErrorCatalogue.CertificateRefused.With($"The certificate request has {request.Length} bytes; at most {MaximumRequestBytes} are allowed.")
        : trust.Issuer.IssueFromRequest(request.ToByteArray(), CertificateRole.Site, site, Lifetime);

    private async Task<EnrollResponse> Answer(ISiteGrain site, string name, System.Security.Cryptography.X509Certificates.X509Certificate2 certificate, string kind)
    {
        var fingerprint = Fingerprint.Of(certificate);
        await site.AllowCertificate(fingerprint, certificate.NotAfter.ToUniversalTime());
        await grains.GetGrain<IAuditGrain>(IAuditGrain.Key).AppendOnce(kind, $"{name}/{fingerprint}", new Dictionary<string, string> { ["site"] = name });
        return new EnrollResponse
        {
            Certificate = ByteString.CopyFrom(certificate.RawData),
            Authority = ByteString.CopyFrom(trust.Authority.RawData),
            Consortium = trust.Consortium,
            Site = name,
        };
    }
}
