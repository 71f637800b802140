using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Federation.Updates;
using BrainMVP.Federated.SiteAgent.Policy;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Step 5 of a round: encodes the change under the roster and delivers it.</summary>
public sealed class UploadWork(SiteContext site, RunBook runs, ModelInputs inputs, ChunkUploader uploader)
{
    private static readonly TimeSpan CompletionDeadline = TimeSpan.FromMinutes(10);

    public async Task<WorkResult> DoAsync(Assignment assignment, CancellationToken cancellation)
    {
        var run = await runs.GetAsync(assignment.Run, cancellation);
        var folder = run.Folder.Round(assignment.Round, assignment.Attempt);
        if (!File.Exists(folder.Report))
        {
            throw ErrorCatalogue.ContextMismatch.With($"This site holds no report of round {assignment.Round}, attempt {assignment.Attempt}.");
        }

        var report = Documents.Read<UpdateReport>(folder.Report);
        var open = LateWork.Of(run, assignment.Round, report)?.Open ?? Documents.Read<RoundOpenDocument>(folder.Open);
        var response = await runs.FetchAsync(assignment.Run, assignment.Round, assignment.Attempt, cancellation);
        var signedRoster = response.Roster ?? throw ErrorCatalogue.RoundClosed.With($"Round {assignment.Round} has no roster.");
        var roster = Documents.Accept<RosterDocument>(site, signedRoster);
        RoundChecks.RequireRoster(roster, run.Layout, report, run.Document.Plan);
        Documents.AcceptAndKeep<RosterDocument>(site, signedRoster, folder.Roster);
        FaultPoints.Agent(assignment.Round, "roster");
        if (PolicyCheck.RefuseRoster(PolicyFile.Read(site.Folder.Policy), roster, site.Site) is { } refused)
        {
            throw refused;
        }

        var roundContext = RoundContexts.Round(report.OpenContext, Documents.HashOf(signedRoster));
        var files = await FilesAsync(run, assignment.Round, open, folder, cancellation);
        UpdateEncoder Open() => new(run.Layout, roster, site.Site, files, run.Document.Plan.Aggregation.RingBits);
        Describe(assignment, Open, roundContext, folder);
        var manifest = SignedFile.Load(folder.Manifest);
        var content = Documents.Read<UpdateManifest>(folder.Manifest);
        var egress = new EgressRecord(site, run, assignment, content, PayloadMap.For(run.Layout, roster, site.Site), roster);
        egress.Write(delivered: false);
        var begin = new BeginUploadRequest { Run = assignment.Run, Round = assignment.Round, Attempt = assignment.Attempt, Manifest = manifest };
        await uploader.SendAsync(begin, content, Open, (done, total) => site.Progress.Set(assignment.Run, assignment.Round, "upload", done, total), cancellation);
        var complete = new CompleteUploadRequest { Run = assignment.Run, Round = assignment.Round, Attempt = assignment.Attempt, ManifestHash = Documents.HashOf(manifest) };
        await site.Link.Calls.CallAsync(site.Link.Control, o => site.Link.Site.CompleteUploadAsync(complete, o), cancellation, CompletionDeadline);
        FaultPoints.Agent(assignment.Round, "sum");
        if (!File.Exists(folder.Delivered))
        {
            site.Audit.Append("update.sent", $"{assignment.Run}/{assignment.Round}/{assignment.Attempt}", new Dictionary<string, string>
            {
                ["manifest"] = complete.ManifestHash,
                ["bytes"] = content.Bytes.ToString(System.Globalization.CultureInfo.InvariantCulture),
            });
            DurableFile.WriteAllBytes(folder.Delivered, CanonicalJson.Serialize(new Dictionary<string, string> { ["manifest"] = complete.ManifestHash }));
            egress.Write(delivered: true);
        }

        return WorkResult.Finished;
    }

    /// <summary>The files whose difference is the update; both models are on the disk afterwards.</summary>
    /// <param name="run">The run.</param>
    /// <param name="round">Round whose roster asks for the update.</param>
    /// <param name="trained">Opening of the round that the change was trained in.</param>
    /// <param name="folder">Folder of the round.</param>
    /// <param name="cancellation">Cuts downloads.</param>
    private async Task<UpdateFiles> FilesAsync(KnownRun run, int round, RoundOpenDocument trained, RoundFolder folder, CancellationToken cancellation)
    {
        var files = await inputs.FetchAsync(run, round, trained.Context.Model, trained.Context.Templates, trained.SharedModalities, cancellation);
        var outcome = CanonicalJson.Read<RoundOutcome>(await File.ReadAllBytesAsync(folder.Outcome, cancellation));
        return new UpdateFiles(files.Model, files.Global, outcome.LocalModelPath, outcome.OwnControlPath);
    }

    private void Describe(Assignment assignment, Func<UpdateEncoder> open, string roundContext, RoundFolder folder)
    {
        if (SignedFile.Exists(folder.Manifest))
        {
            return;
        }

        site.Progress.Set(assignment.Run, assignment.Round, "encode");
        using var update = open();
        Documents.MakeOnce(site, folder.Manifest, () => UpdateManifests.Describe(update, site.Site, roundContext));
    }
}
