using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Audit;
using BrainMVP.Federated.Aggregator.Consortium;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Aggregator.Sites;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Certificates;
using BrainMVP.Federated.Trust.Enrolment;
using Grpc.Core;

namespace BrainMVP.Federated.Aggregator.Runs;

/// <summary>What consortium administrators call.</summary>
public sealed class AdminGrpc(TrustFiles trust, Caller caller, RunSubmission submission, RunStatusView view, DocumentStore documents, IGrainFactory grains, TimeProvider time) : AdminService.AdminServiceBase
{
    private const int MostRuns = 200;
    private const int DefaultTokenHours = 72;

    public override async Task<InviteSiteResponse> InviteSite(InviteSiteRequest request, ServerCallContext context)
    {
        var admin = await Admin(context);
        Names.Require(request.Site, "site");
        var hours = request.Hours == 0 ? DefaultTokenHours : request.Hours;
        if (hours is < 1 or > 720)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"A token lives 1 to 720 hours, not {hours}.");
        }

        var token = EnrolmentToken.Create(trust.Authority);
        await grains.GetGrain<ISiteGrain>(request.Site).Invite(token.SecretHash, time.GetUtcNow().AddHours(hours));
        await grains.GetGrain<IConsortiumGrain>(IConsortiumGrain.Key).AddSite(request.Site);
        await Audit("site.invited", $"{request.Site}/{token.SecretHash}", admin);
        return new InviteSiteResponse { Token = token.ToString() };
    }

    public override async Task<ListSitesResponse> ListSites(ListSitesRequest request, ServerCallContext context)
    {
        await Admin(context);
        var response = new ListSitesResponse();
        foreach (var name in await grains.GetGrain<IConsortiumGrain>(IConsortiumGrain.Key).Sites())
        {
            var site = await grains.GetGrain<ISiteGrain>(name).Get();
            var status = new SiteStatus
            {
                Site = name,
                State = site.State?.Status ?? "invited",
                SilentSeconds = site.Heard ? site.SilentSeconds : -1,
                Cases = site.State?.Profile?.Cases ?? 0,
                CertificateExpires = site.State is { Fingerprints.Count: > 0 } enrolled ? Instants.Text(enrolled.CertificateExpires) : "",
                AgentVersion = site.AgentVersion,
            };
            status.CasesByModality.Add(site.State?.Profile?.CasesByModality.ToDictionary() ?? []);
            status.SkippedByReason.Add(site.State?.Profile?.SkippedByReason.ToDictionary() ?? []);
            response.Sites.Add(status);
        }

        return response;
    }

    public override async Task<RevokeSiteResponse> RevokeSite(RevokeSiteRequest request, ServerCallContext context)
    {
        var admin = await Admin(context);
        await grains.GetGrain<ISiteGrain>(Names.Require(request.Site, "site")).Revoke(request.Reason);
        await Audit("site.revoked", $"{request.Site}/{Instants.Text(time.GetUtcNow())}", admin, request.Reason);
        return new RevokeSiteResponse();
    }

    public override async Task<SubmitRunResponse> SubmitRun(SubmitRunRequest request, ServerCallContext context)
    {
        await Admin(context);
        var (run, plan) = await submission.Submit(request);
        return new SubmitRunResponse { Run = run, PlanHash = plan };
    }

    public override async Task<ListRunsResponse> ListRuns(ListRunsRequest request, ServerCallContext context)
    {
        await Admin(context);
        var response = new ListRunsResponse();
        foreach (var run in (await grains.GetGrain<IConsortiumGrain>(IConsortiumGrain.Key).Runs()).Take(MostRuns))
        {
            response.Runs.Add(await view.Summary(run));
        }

        return response;
    }

    public override async Task<RunStatus> GetRunStatus(GetRunStatusRequest request, ServerCallContext context)
    {
        await Admin(context);
        return await view.Status(request.Run);
    }

    public override async Task<GetRoundDocumentsResponse> GetRoundDocuments(GetRoundDocumentsRequest request, ServerCallContext context)
    {
        await Admin(context);
        var run = await grains.GetGrain<IRunGrain>(Names.Require(request.Run, "run")).Get() ?? throw ErrorCatalogue.RunNotFound.With($"Run {request.Run}.");
        if (request.Round == 0)
        {
            return new GetRoundDocumentsResponse { Open = documents.Get(run.Document) };
        }

        var round = await grains.GetGrain<IRoundGrain>($"{request.Run}/{request.Round}").Get()
            ?? throw ErrorCatalogue.RoundClosed.With($"Round {request.Round} of {request.Run} is not open.");
        return new GetRoundDocumentsResponse
        {
            Open = documents.Get(round.Open),
            Roster = round.Roster.Length > 0 ? documents.Get(round.Roster) : null,
            Commit = round.Commit.Length > 0 ? documents.Get(round.Commit) : null,
        };
    }

    public override async Task<RunStatus> ControlRun(ControlRunRequest request, ServerCallContext context)
    {
        await Admin(context);
        var control = request.Action switch
        {
            ControlRunRequest.Types.Action.Pause => RunControl.Pause,
            ControlRunRequest.Types.Action.Resume => RunControl.Resume,
            ControlRunRequest.Types.Action.Abort => RunControl.Abort,
            ControlRunRequest.Types.Action.ExtendDeadline => RunControl.ExtendDeadline,
            ControlRunRequest.Types.Action.CloseRound => RunControl.CloseNow,
            ControlRunRequest.Types.Action.DropSite => RunControl.DropSite,
            ControlRunRequest.Types.Action.ReadmitSite => RunControl.ReadmitSite,
            ControlRunRequest.Types.Action.Start => RunControl.Start,
            ControlRunRequest.Types.Action.RollBack => RunControl.RollBack,
            _ => throw ErrorCatalogue.ArgumentInvalid.With("The action is not known."),
        };
        if (control == RunControl.ExtendDeadline && request.Seconds is < 1 or > 31536000)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"A deadline is extended by 1 to 31536000 seconds, not {request.Seconds}.");
        }

        await grains.GetGrain<IRunGrain>(Names.Require(request.Run, "run")).Control(new RunOrder(control, request.Site, request.Seconds, request.Round, request.Reason.Length > 1000 ? request.Reason[..1000] : request.Reason));
        return await view.Status(request.Run);
    }

    public override async Task<VerifyAuditResponse> VerifyAudit(VerifyAuditRequest request, ServerCallContext context)
    {
        await Admin(context);
        var check = await grains.GetGrain<IAuditGrain>(IAuditGrain.Key).Verify();
        return new VerifyAuditResponse { Records = check.Records, Head = check.Head, FirstBroken = check.FirstBroken };
    }

    private Task<CertificateIdentity> Admin(ServerCallContext context) => caller.Require(context, CertificateRole.Admin);

    private Task<string> Audit(string kind, string subject, CertificateIdentity admin, string reason = "") =>
        grains.GetGrain<IAuditGrain>(IAuditGrain.Key).AppendOnce(kind, subject, new Dictionary<string, string> { ["by"] = admin.Name, ["reason"] = reason });
}
