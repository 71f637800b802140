using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Finetuning;
using BrainMVP.Federated.SiteAgent.Policy;
using BrainMVP.Federated.SiteAgent.Trainer;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>After the last commit: measures the final model on the site's held-out cases and, of a supervised run, keeps it as this site uses it.</summary>
public sealed class EvaluateWork(SiteContext site, RunBook runs, DatasetWork dataset, FinalModel final, OwnModelDelivery delivery)
{
    public async Task<WorkResult> DoAsync(Assignment assignment, CancellationToken cancellation)
    {
        var policy = PolicyFile.Read(site.Folder.Policy);
        var run = await runs.GetAsync(assignment.Run, cancellation);
        if (!File.Exists(run.Folder.Evaluation))
        {
            var (commit, files) = await final.FetchAsync(run, assignment.Round, policy, cancellation);
            var own = run.Document.Plan.IsSupervised() ? run.Folder.Model : null;
            if (own is not null)
            {
                KeepTemplates(own, files.Templates);
            }

            var result = await dataset.RunAsync<EvaluationResult>(
                new TrainerJob
                {
                    Task = TrainerTask.Evaluate,
                    Plan = run.Document.Plan,
                    Site = site.Site,
                    DataFolder = dataset.FolderOf(run),
                    ModelPath = files.Model,
                    TemplatePaths = files.Templates,
                    JobFolder = run.Folder.EvaluateJob,
                    SnapshotFolder = run.Folder.ReadLocal()?.Snapshot,
                    OwnModelPath = own is null ? "" : Path.Combine(own, PretrainedFolder.ModelName),
                    Device = site.Device,
                },
                run,
                policy,
                cancellation);
            var shared = run.Document.Plan.Downstream.CrossSite && policy.ShareOwnModel ? await delivery.SendAsync(run, Path.Combine(own!, PretrainedFolder.ModelName), cancellation) : null;
            Documents.MakeOnce(site, run.Folder.Evaluation, () => new EvaluationReport
            {
                Site = site.Site,
                Run = assignment.Run,
                Model = commit.Model,
                Validation = result.Validation.Where(v => v.Value.Voxels > 0).ToDictionary(v => v.Key, v => v.Value, StringComparer.Ordinal),
                Scores = result.Scores,
                OwnModel = shared,
            });
        }

        await site.Link.Calls.CallAsync(
            site.Link.Control,
            o => site.Link.Site.ReportEvaluationAsync(new ReportEvaluationRequest { Run = assignment.Run, Report = SignedFile.Load(run.Folder.Evaluation) }, o),
            cancellation);
        return WorkResult.Finished;
    }

    /// <summary>The artifacts of a run are deleted when it is over; predictions need its templates.</summary>
    private static void KeepTemplates(string folder, IReadOnlyDictionary<string, string> templates)
    {
        Directory.CreateDirectory(folder);
        foreach (var (modality, path) in templates)
        {
            var target = PretrainedFolder.TemplateIn(folder, modality);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var template = File.OpenRead(path);
            DurableFile.Write(target, template.CopyTo);
        }
    }
}
