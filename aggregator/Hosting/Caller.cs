using BrainMVP.Federated.Aggregator.Sites;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Certificates;
using Grpc.Core;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>Who calls: the identity in the client certificate, checked for every request.</summary>
public sealed class Caller(TrustFiles trust, IGrainFactory grains, TimeProvider time)
{
    /// <summary>Checks the caller's certificate, role and, for sites, the allow-list.</summary>
    /// <exception cref="FederationException">BMF-1202, BMF-1204 or BMF-1207.</exception>
    public async Task<CertificateIdentity> Require(ServerCallContext context, params CertificateRole[] roles)
    {
        var certificate = context.GetHttpContext().Connection.ClientCertificate
            ?? throw ErrorCatalogue.CertificateRefused.With("The connection carries no client certificate.");
        var identity = CertificateCheck.Require(certificate, trust.Authority, time.GetUtcNow(), CertificatePurpose.Client, roles);
        if (identity.Role == CertificateRole.Site && !await grains.GetGrain<ISiteGrain>(identity.Name).MaySpeak(Fingerprint.Of(certificate)))
        {
            throw ErrorCatalogue.SiteNotAllowed.With($"Site {identity.Name} is revoked, or its certificate was replaced by a newer one.");
        }

        return identity;
    }
}
