using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Data;
using BrainMVP.Federated.SiteAgent.Trainer;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Prepares the site's data for a run and publishes the counts of usable cases.</summary>
public sealed class DatasetWork(SiteContext site, TrainerRunner trainer)
{
    /// <summary>Folder of the prepared volumes of a run. They are images: they are deleted when the run ends.</summary>
    public string FolderOf(KnownRun run) => Path.Combine(site.Folder.Cache, run.Document.Run);

    /// <summary>Prepares once a run; afterwards answers from disk.</summary>
    public async Task<PreparedSummary> PrepareAsync(KnownRun run, PolicyDocument policy, CancellationToken cancellation)
    {
        if (File.Exists(run.Folder.Dataset) && Directory.Exists(FolderOf(run)))
        {
            return CanonicalJson.Read<PreparedSummary>(await File.ReadAllBytesAsync(run.Folder.Dataset, cancellation));
        }

        var data = site.Settings.Data ?? throw ErrorCatalogue.DataFolderMissing.With("No data folder was given; start the agent with --data PATH once.");

        // The result of a preparation whose volumes were deleted since says nothing any more.
        Directory.CreateDirectory(run.Folder.PrepareJob);
        File.Delete(Path.Combine(run.Folder.PrepareJob, TrainerMain.Result));
        var job = new TrainerJob
        {
            Task = TrainerTask.Prepare,
            Plan = run.Document.Plan,
            Site = site.Site,
            DataPath = Path.GetFullPath(data),
            DataFolder = FolderOf(run),
            ReuseFolders = ReusableCaches.OfOtherRuns(site.Folder.Cache, FolderOf(run)),
            JobFolder = run.Folder.PrepareJob,
        };
        var summary = await trainer.RunAsync<PreparedSummary>(job, run.Document.Run, policy, cancellation);
        DurableFile.WriteAllBytes(run.Folder.Dataset, CanonicalJson.Serialize(summary));
        return summary;
    }

    /// <summary>Runs a job on the prepared volumes. Where they turn out to be damaged or gone, the next attempt prepares them again.</summary>
    public async Task<T> RunAsync<T>(TrainerJob job, KnownRun run, PolicyDocument policy, CancellationToken cancellation)
    {
        try
        {
            return await trainer.RunAsync<T>(job, run.Document.Run, policy, cancellation);
        }
        catch (FederationException e) when (e.Code == ErrorCatalogue.ArtifactCorrupt || e.Code == ErrorCatalogue.ArtifactMissing)
        {
            File.Delete(run.Folder.Dataset);
            throw;
        }
    }

    /// <summary>Publishes the counts, signed. Nothing but counts.</summary>
    public async Task PublishAsync(KnownRun run, PreparedSummary summary, CancellationToken cancellation)
    {
        var profile = Documents.MakeOnce(site, run.Folder.Profile, () => summary.Profile);
        await site.Link.Calls.CallAsync(site.Link.Control, o => site.Link.Site.PublishProfileAsync(new PublishProfileRequest { Profile = profile }, o), cancellation);
    }
}
