using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Aggregator.Hosting;
using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Aggregator.Runs;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Federation.Rosters;
using BrainMVP.Federated.Trust.Certificates;
using Google.Protobuf;
using Grpc.Core;

namespace BrainMVP.Federated.Aggregator.Sites;

/// <summary>What agents call, except for uploads. Thin: checks the caller and the documents, then asks the grains.</summary>
[BindServiceMethod(typeof(SiteBinding), nameof(SiteBinding.Bind))]
public sealed partial class SiteGrpc(
    Caller caller,
    DocumentSigner signer,
    DocumentStore documents,
    ArtifactStore artifacts,
    RoundUploads uploads,
    ReportIntake reports,
    DueBell bell,
    IGrainFactory grains,
    IHostApplicationLifetime lifetime,
    TimeProvider time) : SiteService.SiteServiceBase
{
    private const int LongestWaitSeconds = 25;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan HeardAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(10);

    public override async Task<PollResponse> Poll(PollRequest request, ServerCallContext context)
    {
        var site = await Site(context);
        if (!Protocol.Speaks(request.ProtocolVersion))
        {
            throw ErrorCatalogue.ProtocolMismatch.With($"The agent speaks version {request.ProtocolVersion}, the aggregator versions {Protocol.OldestVersion} to {Protocol.Version}.");
        }

        var grain = grains.GetGrain<ISiteGrain>(site);
        var progress = request.Progress.Take(16).Select(p => new SiteProgress(p.Run, p.Round, p.Phase, p.Done, p.Total, p.Loss)).ToArray();
        var version = request.AgentVersion.Length > 64 ? request.AgentVersion[..64] : request.AgentVersion;
        await grain.Heard(version, progress);
        var heard = time.GetTimestamp();
        var until = time.GetUtcNow().AddSeconds(Math.Clamp(request.WaitSeconds, 0, LongestWaitSeconds));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        while (true)
        {
            // Before looking: what becomes due while it looks must not be missed.
            var rung = bell.Next;
            var due = await Due(grain, site, request.Known);
            if (due.Any(d => !request.Known.Contains(d.Id)) || time.GetUtcNow() >= until || lifetime.ApplicationStopping.IsCancellationRequested)
            {
                var response = new PollResponse { RenewCertificate = await RenewalDue(grain) };
                response.Assignments.AddRange(due.Select(d => new Assignment { Kind = (Assignment.Types.Kind)d.Kind, Id = d.Id, Run = d.Run, Round = d.Round, Attempt = d.Attempt }));
                return response;
            }

            await rung.WaitAsync(LookAgain, time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            context.CancellationToken.ThrowIfCancellationRequested();

            // A site whose poll is open is there: it must not count as silent because nothing was due for a while.
            if (time.GetElapsedTime(heard) >= HeardAgain)
            {
                await grain.Heard(version, progress);
                heard = time.GetTimestamp();
            }
        }
    }

    public override async Task<PublishProfileResponse> PublishProfile(PublishProfileRequest request, ServerCallContext context)
    {
        var identity = await caller.Require(context, CertificateRole.Site);
        var (profile, hash) = signer.Accept<DataProfile>(request.Profile, identity);
        if (profile.Cases < 0 || profile.CasesByModality.Any(m => Modalities.IndexOf(m.Key) < 0 || m.Value < 0 || m.Value > profile.Cases))
        {
            throw ErrorCatalogue.DocumentInvalid.With("The data profile has an unknown modality or a count that cannot be.");
        }

        await grains.GetGrain<ISiteGrain>(identity.Name).PublishProfile(new SiteProfile(hash, profile.Cases, profile.CasesByModality, profile.SkippedByReason));
        return new PublishProfileResponse();
    }

    public override async Task<GetRunResponse> GetRun(GetRunRequest request, ServerCallContext context)
    {
        var site = await Site(context);
        var state = await RunOf(request.Run, site);
        var run = documents.Get(state.Document);
        var layout = documents.Read<RunDocument>(state.Document).LayoutHash;
        return new GetRunResponse { Run = run, Layout = ByteString.CopyFrom(await File.ReadAllBytesAsync(artifacts.PathOf(layout), context.CancellationToken)) };
    }

    public override async Task<ApprovePlanResponse> ApprovePlan(ApprovePlanRequest request, ServerCallContext context)
    {
        var identity = await caller.Require(context, CertificateRole.Site);
        var run = await RunOf(request.Run, identity.Name);
        var (approval, hash) = signer.Accept<ApprovalDocument>(request.Approval, identity);
        var plan = documents.Read<RunDocument>(run.Document).PlanHash;
        if (approval.Site != identity.Name || approval.PlanHash != plan)
        {
            throw ErrorCatalogue.ContextMismatch.With($"The approval is for plan {approval.PlanHash} by {approval.Site}; the run has plan {plan}.");
        }

        await grains.GetGrain<IRunGrain>(request.Run).Approve(identity.Name, hash, approval.ApprovedBy);
        return new ApprovePlanResponse();
    }

    public override async Task<GetRoundResponse> GetRound(GetRoundRequest request, ServerCallContext context)
    {
        var run = await RunOf(request.Run, await Site(context));
        var state = await Round(request.Run, request.Round).Get() ?? throw ErrorCatalogue.RoundClosed.With($"Round {request.Round} of {request.Run} is not open.");
        if (request.Attempt > 0 && request.Attempt != state.Attempt)
        {
            throw ErrorCatalogue.RoundClosed.With($"Attempt {request.Attempt} of round {request.Round} is over.");
        }

        // What was rolled back is no commit of the run any more, whether or not its round was opened anew meanwhile.
        var stands = state.Commit.Length > 0 && !run.RolledBack.Any(c => c.Round == state.Round && c.Attempt == state.Attempt);
        return new GetRoundResponse
        {
            Open = documents.Get(state.Open),
            Roster = state.Roster.Length > 0 ? documents.Get(state.Roster) : null,
            Commit = stands ? documents.Get(state.Commit) : null,
        };
    }

    public override async Task<ReportResponse> Report(ReportRequest request, ServerCallContext context)
    {
        var identity = await caller.Require(context, CertificateRole.Site);
        var run = await RunOf(request.Run, identity.Name);
        await reports.Accept(new RoundKey(request.Run, request.Round, request.Attempt), run, identity, request.Report);
        return new ReportResponse();
    }

    public override async Task<DeclineResponse> Decline(DeclineRequest request, ServerCallContext context)
    {
        var site = await Site(context);
        await RunOf(request.Run, site);
        var sentence = request.Reason.Length > 1000 ? request.Reason[..1000] : request.Reason;
        var code = ErrorCatalogue.Find(request.Code) ?? ErrorCatalogue.Unexpected;
        if (request.Round == 0)
        {
            await grains.GetGrain<IRunGrain>(request.Run).Refuse(site, $"{code.Id}: {sentence}");
        }
        else
        {
            await Round(request.Run, request.Round).Decline(site, $"{code.Id}: {sentence}");
        }

        return new DeclineResponse();
    }

    public override async Task<BeginUploadResponse> BeginUpload(BeginUploadRequest request, ServerCallContext context)
    {
        var identity = await caller.Require(context, CertificateRole.Site);
        var run = await RunOf(request.Run, identity.Name);
        return await uploads.Begin(new RoundKey(request.Run, request.Round, request.Attempt), run.Document, identity, request.Manifest, context.CancellationToken);
    }

    public override async Task UploadChunks(IAsyncStreamReader<UploadPart> requestStream, IServerStreamWriter<UploadAcknowledgement> responseStream, ServerCallContext context) =>
        await uploads.Receive(await Site(context), requestStream, responseStream, context.CancellationToken);

    public override async Task<CompleteUploadResponse> CompleteUpload(CompleteUploadRequest request, ServerCallContext context)
    {
        var site = await Site(context);
        var run = await RunOf(request.Run, site);
        await uploads.Complete(new RoundKey(request.Run, request.Round, request.Attempt), run.Document, site, request.ManifestHash, context.CancellationToken);
        return new CompleteUploadResponse();
    }

    public override async Task<ReportEvaluationResponse> ReportEvaluation(ReportEvaluationRequest request, ServerCallContext context)
    {
        var identity = await caller.Require(context, CertificateRole.Site);
        var run = await RunOf(request.Run, identity.Name);
        var (report, hash) = signer.Accept<EvaluationReport>(request.Report, identity);
        var plan = documents.Read<RunDocument>(run.Document).Plan;
        if (report.Site != identity.Name || report.Run != request.Run || (ValidationRules.FindViolation(report.Validation, plan) ?? ValidationRules.FindViolation(report.Scores, plan)) is not null)
        {
            throw ErrorCatalogue.DocumentInvalid.With("The evaluation is for another site or run, or has a sum that cannot be.");
        }

        if (report.OwnModel is { } own && !(plan.Downstream.CrossSite && ArtifactStore.IsHash(own) && artifacts.Exists(own)))
        {
            throw ErrorCatalogue.ArtifactMissing.With($"The model that {identity.Name} calls its own was not delivered, or the plan does not ask for it.");
        }

        await grains.GetGrain<IRunGrain>(request.Run).Evaluated(identity.Name, hash, report.Model);
        return new ReportEvaluationResponse();
    }

    public override async Task<GetModelsResponse> GetModels(GetModelsRequest request, ServerCallContext context)
    {
        var run = await RunOf(request.Run, await Site(context));
        var response = new GetModelsResponse();
        response.Models.Add(OwnModels.Of(run, documents).ToDictionary());
        return response;
    }

    public override async Task<ReportComparisonResponse> ReportComparison(ReportComparisonRequest request, ServerCallContext context)
    {
        var identity = await caller.Require(context, CertificateRole.Site);
        var run = await RunOf(request.Run, identity.Name);
        var (report, hash) = signer.Accept<ComparisonReport>(request.Report, identity);
        var plan = documents.Read<RunDocument>(run.Document).Plan;
        var models = OwnModels.Of(run, documents);
        if (report.Site != identity.Name || report.Run != request.Run || report.Scores.Any(s => !models.ContainsKey(s.Key) || ValidationRules.FindViolation(s.Value, plan) is not null))
        {
            throw ErrorCatalogue.DocumentInvalid.With("The comparison is for another site or run, names a model that is not there, or has a sum that cannot be.");
        }

        await grains.GetGrain<IRunGrain>(request.Run).Compared(identity.Name, hash, report.Model);
        return new ReportComparisonResponse();
    }

    private async Task<string> Site(ServerCallContext context) => (await caller.Require(context, CertificateRole.Site)).Name;

    private IRoundGrain Round(string run, int round) => grains.GetGrain<IRoundGrain>($"{run}/{round}");

    /// <summary>The run's state, if this site is invited to it; a stranger learns nothing.</summary>
    private async Task<RunState> RunOf(string run, string site)
    {
        var state = Names.IsValid(run) ? await grains.GetGrain<IRunGrain>(run).Get() : null;
        return state is not null && state.Phase != RunPhase.Draft && state.Sites.Contains(site, StringComparer.Ordinal)
            ? state
            : throw ErrorCatalogue.RunNotFound.With($"Run \"{run}\" is not one of {site}'s.");
    }

    private async Task<IReadOnlyList<DueWork>> Due(ISiteGrain grain, string site, IReadOnlyCollection<string> known)
    {
        var due = new List<DueWork>();
        foreach (var run in (await grain.Get()).State?.Runs ?? [])
        {
            var work = await grains.GetGrain<IRunGrain>(run).AssignmentsFor(site);
            if (work.Any(w => w.Kind == DueKind.Finished) && work.All(w => known.Contains(w.Id)))
            {
                await grain.RemoveRun(run);
                continue;
            }

            due.AddRange(work);
        }

        return due;
    }

    private async Task<bool> RenewalDue(ISiteGrain grain) =>
        (await grain.Get()).State is { } state && state.CertificateExpires - time.GetUtcNow() < RenewBefore;
}
