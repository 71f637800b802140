using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Consortium;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Certificates;
using Grpc.Core;

namespace BrainMVP.Federated.Aggregator.Releases;

/// <summary>Releases: made by administrators, seen by every site.</summary>
public sealed class ReleaseGrpc(Caller caller, ReleaseMaker maker, DocumentStore documents, IGrainFactory grains) : ReleaseService.ReleaseServiceBase
{
    public override async Task<CreateReleaseResponse> Create(CreateReleaseRequest request, ServerCallContext context)
    {
        var admin = await caller.Require(context, CertificateRole.Admin);
        return new CreateReleaseResponse { Release = documents.Get(await maker.Create(Names.Require(request.Run, "run"), request.Round, admin.Name)) };
    }

    public override async Task<ListReleasesResponse> List(ListReleasesRequest request, ServerCallContext context)
    {
        await caller.Require(context, CertificateRole.Site, CertificateRole.Admin);
        var response = new ListReleasesResponse();
        foreach (var (_, hash) in (await grains.GetGrain<IConsortiumGrain>(IConsortiumGrain.Key).Releases()).OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            response.Releases.Add(documents.Get(hash));
        }

        return response;
    }
}
