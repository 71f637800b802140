using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Policy;
using BrainMVP.Federated.SiteAgent.Trainer;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Measures all sites' own models on this site's held-out cases. The models are deleted when that is done.</summary>
public sealed class CompareWork(SiteContext site, RunBook runs, DatasetWork dataset, FinalModel final)
{
    /// <summary>More sites than any consortium has: what the aggregator sends must not fill this site's disk.</summary>
    private const int MostModels = 10_000;

    public async Task<WorkResult> DoAsync(Assignment assignment, CancellationToken cancellation)
    {
        var policy = PolicyFile.Read(site.Folder.Policy);
        var run = await runs.GetAsync(assignment.Run, cancellation);
        if (!File.Exists(run.Folder.Comparison))
        {
            var (commit, files) = await final.FetchAsync(run, assignment.Round, policy, cancellation);
            var models = await ModelsAsync(assignment.Run, cancellation);
            var paths = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (name, hash) in models)
            {
                paths.Add(name, await site.Artifacts.GetAsync(hash, (done, total) => site.Progress.Set(assignment.Run, assignment.Round, "fetch", done, total), cancellation));
            }

            var result = await dataset.RunAsync<ComparisonResult>(
                new TrainerJob
                {
                    Task = TrainerTask.Compare,
                    Plan = run.Document.Plan,
                    Site = site.Site,
                    DataFolder = dataset.FolderOf(run),
                    TemplatePaths = files.Templates,
                    OwnModelPaths = paths,
                    JobFolder = run.Folder.CompareJob,
                    Device = site.Device,
                },
                run,
                policy,
                cancellation);
            Documents.MakeOnce(site, run.Folder.Comparison, () => new ComparisonReport { Site = site.Site, Run = assignment.Run, Model = commit.Model, Scores = result.Scores });
            foreach (var hash in models.Values.Where(h => h != commit.Model))
            {
                site.Artifacts.Drop(hash);
            }
        }

        await site.Link.Calls.CallAsync(
            site.Link.Control,
            o => site.Link.Site.ReportComparisonAsync(new ReportComparisonRequest { Run = assignment.Run, Report = SignedFile.Load(run.Folder.Comparison) }, o),
            cancellation);
        return WorkResult.Finished;
    }

    private async Task<SortedDictionary<string, string>> ModelsAsync(string run, CancellationToken cancellation)
    {
        var answer = await site.Link.Calls.CallAsync(site.Link.Control, o => site.Link.Site.GetModelsAsync(new GetModelsRequest { Run = run }, o), cancellation);
        return answer.Models.Count <= MostModels && answer.Models.Keys.All(Names.IsValid)
            ? new SortedDictionary<string, string>(answer.Models, StringComparer.Ordinal)
            : throw ErrorCatalogue.DocumentInvalid.With("The aggregator names models of sites that cannot be.");
    }
}
