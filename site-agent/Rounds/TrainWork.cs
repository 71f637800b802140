using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Federation.Updates;
using BrainMVP.Federated.SiteAgent.Policy;
using BrainMVP.Federated.SiteAgent.Trainer;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Steps 2 and 3 of a round: trains and reports what was done, without any tensor.</summary>
public sealed class TrainWork(SiteContext site, RunBook runs, DatasetWork dataset, ModelInputs inputs)
{
    private static readonly TimeSpan LookAtTheClock = TimeSpan.FromSeconds(30);

    public async Task<WorkResult> DoAsync(Assignment assignment, CancellationToken cancellation)
    {
        var policy = PolicyFile.Read(site.Folder.Policy);
        var run = await runs.GetAsync(assignment.Run, cancellation);
        RequireApproved(run);
        var folder = run.Folder.Round(assignment.Round, assignment.Attempt);
        var summary = "";
        if (!File.Exists(folder.Report))
        {
            var response = await runs.FetchAsync(assignment.Run, assignment.Round, assignment.Attempt, cancellation);
            var open = Documents.Accept<RoundOpenDocument>(site, response.Open);
            var (parent, parentHash) = await runs.ParentAsync(run, open, cancellation);
            RoundChecks.RequireOpen(open, run.Document, assignment.Round, assignment.Attempt, site.Site, parent, parentHash);
            Documents.AcceptAndKeep<RoundOpenDocument>(site, response.Open, folder.Open);
            FaultPoints.Agent(assignment.Round, "open");
            if (!TrainingHours.Allow(policy.Hours, TimeOnly.FromTimeSpan(site.Time.GetLocalNow().TimeOfDay)))
            {
                return WorkResult.Wait(LookAtTheClock);
            }

            summary = Summarise(await TrainAsync(run, open, folder, policy, cancellation));
        }

        site.Progress.Set(assignment.Run, assignment.Round, "report");
        FaultPoints.Agent(assignment.Round, "report");
        await site.Link.Calls.CallAsync(
            site.Link.Control,
            o => site.Link.Site.ReportAsync(new ReportRequest { Run = assignment.Run, Round = assignment.Round, Attempt = assignment.Attempt, Report = SignedFile.Load(folder.Report) }, o),
            cancellation);
        return WorkResult.FinishedWith(summary);
    }

    private static string Summarise(RoundOutcome outcome) => string.Create(CultureInfo.InvariantCulture,
        $"{outcome.Steps} steps, {outcome.TrainSeconds / outcome.Steps:F2} s/step, {PeakMemory.Text(outcome.PeakMemoryBytes, outcome.DeviceMemoryBytes)}. {string.Join(' ', outcome.Notes)}").TrimEnd();

    private static void RequireApproved(KnownRun run)
    {
        if (!File.Exists(run.Folder.Approval) || Documents.Read<ApprovalDocument>(run.Folder.Approval).PlanHash != run.Document.PlanHash)
        {
            throw ErrorCatalogue.PlanNotApproved.With($"Plan {run.Document.PlanHash} of run {run.Document.Run}.");
        }
    }

    private async Task<RoundOutcome> TrainAsync(KnownRun run, RoundOpenDocument open, RoundFolder folder, PolicyDocument policy, CancellationToken cancellation)
    {
        var (name, round) = (open.Context.Run, open.Context.Round);
        var late = LateWork.Find(run, site.Site, round);
        var (trained, place) = (late?.Open ?? open, late?.Folder ?? folder);
        var began = site.Time.GetTimestamp();
        var data = await dataset.PrepareAsync(run, policy, cancellation);
        var files = await inputs.FetchAsync(run, trained.Context.Round, trained.Context.Model, trained.Context.Templates, trained.SharedModalities, cancellation);
        var control = await ControlAsync(run, trained, cancellation);
        var fetchSeconds = site.Time.GetElapsedTime(began).TotalSeconds;
        var outcome = await dataset.RunAsync<RoundOutcome>(
            new TrainerJob
            {
                Task = TrainerTask.Train,
                Plan = run.Document.Plan,
                Site = site.Site,
                DataFolder = dataset.FolderOf(run),
                Round = trained.Context.Round,
                ModelPath = files.Model,
                TemplatePaths = files.Templates,
                ControlPath = control,
                SnapshotFolder = run.Folder.ReadLocal()?.Snapshot,
                Device = site.Device,
                JobFolder = place.Job,
            },
            run,
            policy,
            cancellation);
        site.Progress.Set(name, round, "report");
        if (run.Document.Plan.Aggregation.MaxDeltaNorm is > 0 and var largest)
        {
            outcome = outcome with { LocalModelPath = NormBound.Apply(run.Layout, files.Model, outcome.LocalModelPath, largest, place.Bounded) };
        }

        var shareable = PolicyCheck.Shareable(policy, open, site.Site, PolicyCheck.Owned(run.Document.Plan, data.Profile));
        var draws = shareable.Where(m => trained.SharedModalities.Contains(m, StringComparer.Ordinal) && outcome.TargetDraws.GetValueOrDefault(m) > 0).ToDictionary(m => m, m => outcome.TargetDraws[m], StringComparer.Ordinal);
        var summary = UpdateSummary.Compute(
            run.Layout, [TensorGroups.Network, TensorGroups.BatchNorm, TensorGroups.Control, .. draws.Keys.Select(TensorGroups.Template)], new UpdateFiles(files.Model, files.Global, outcome.LocalModelPath, outcome.OwnControlPath));
        DurableFile.WriteAllBytes(folder.Outcome, CanonicalJson.Serialize(outcome));
        var context = RoundContexts.Open(open.Context);
        var head = site.Audit.Append("round.trained", $"{name}/{round}/{open.Context.Attempt}", new Dictionary<string, string>
        {
            ["openContext"] = context,
            ["model"] = trained.Context.Model,
        });
        Documents.MakeOnce(site, folder.Report, () => new UpdateReport
        {
            Site = site.Site,
            OpenContext = context,
            Age = round - trained.Context.Round,
            BaseContext = late is null ? null : RoundContexts.Open(trained.Context),
            Steps = outcome.Steps,
            Cases = outcome.Cases,
            TargetDraws = draws,
            Exponents = summary.Exponents,
            Norms = summary.Norms,
            Losses = outcome.Losses,
            // Late work validated another model than this round's.
            Validation = outcome.Validation.Where(v => late is null && v.Value.Voxels > 0).ToDictionary(v => v.Key, v => v.Value, StringComparer.Ordinal),
            Scores = outcome.Scores,
            Timings = new Dictionary<string, double> { ["fetch"] = fetchSeconds, ["train"] = outcome.TrainSeconds },
            AuditHead = head,
        });
        return outcome;
    }

    /// <summary>The federation's control variate of a round; null when there is none yet.</summary>
    private async Task<string?> ControlAsync(KnownRun run, RoundOpenDocument open, CancellationToken cancellation)
    {
        if (open.Context.Control is not { } hash)
        {
            return null;
        }

        var path = await site.Artifacts.GetAsync(hash, (done, total) => site.Progress.Set(run.Document.Run, open.Context.Round, "fetch", done, total), cancellation);
        using var file = new SafetensorsReader(path);
        run.Layout.RequireControl(file);
        return path;
    }
}
