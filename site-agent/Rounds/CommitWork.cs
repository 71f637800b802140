using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Federation.Layouts;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Step 7 of a round: verifies the commit, fetches the new model, and makes this site's state of the round current.</summary>
public sealed class CommitWork(SiteContext site, RunBook runs, ModelInputs inputs)
{
    public async Task<WorkResult> DoAsync(Assignment assignment, CancellationToken cancellation)
    {
        var run = await runs.GetAsync(assignment.Run, cancellation);
        if (run.Folder.LastCommitted() > assignment.Round || (run.Folder.AttemptOf(assignment.Round) is { } attempt && attempt != assignment.Attempt))
        {
            await runs.RollBackAsync(run, cancellation);
        }

        var (commit, _) = await runs.FollowAsync(run, assignment.Round, cancellation);
        FaultPoints.Agent(assignment.Round, "commit");
        Promote(run, commit!);
        var saved = await new BroadcastWork(site).RebuildAsync(commit!, cancellation);
        await inputs.FetchAsync(run, assignment.Round, commit!.Model, commit.Templates, [], cancellation);
        var plan = run.Document.Plan;
        run.Folder.Sweep(assignment.Round, Math.Max(plan.Rounds.Rollback, plan.Quorum.Carries() ? plan.Quorum.MaximumAge : 0));
        SweepArtifacts();
        return WorkResult.FinishedWith(saved);
    }

    /// <summary>
    /// The optimiser snapshot and the templates that stay here count only once the commit lists this site: a round
    /// that was repeated without it must not leave a trace.
    /// </summary>
    private void Promote(KnownRun run, RoundCommitDocument commit)
    {
        var (round, attempt) = (commit.Context.Round, commit.Context.Attempt);
        var folder = run.Folder.Round(round, attempt);
        if (!commit.Contributors.Contains(site.Site, StringComparer.Ordinal) || !File.Exists(folder.Outcome) || run.Folder.ReadLocal()?.Round >= round)
        {
            return;
        }

        var open = Documents.Read<RoundOpenDocument>(folder.Open);
        var outcome = CanonicalJson.Read<RoundOutcome>(File.ReadAllBytes(folder.Outcome));
        var templates = new Dictionary<string, string>(StringComparer.Ordinal);
        using (var local = new SafetensorsReader(outcome.LocalModelPath))
        {
            foreach (var modality in run.Document.Plan.Modalities.Where(m => !open.SharedModalities.Contains(m, StringComparer.Ordinal)))
            {
                var name = TensorGroups.Template(modality);
                if (local.Tensors.TryGetValue(name, out var tensor))
                {
                    templates[modality] = run.Folder.LocalTemplate(round, modality);
                    SafetensorsWriter.WriteFile(templates[modality], [TensorSource.Floats(name, tensor.Shape, local.ReadFloats(name))]);
                }
            }
        }

        run.Folder.WriteLocal(new LocalState(round, outcome.SnapshotFolder, templates));
    }

    /// <summary>Keeps the artifacts of the last two commits of every run that is not over, and what they started from.</summary>
    private void SweepArtifacts()
    {
        var keep = new HashSet<string>(StringComparer.Ordinal);
        foreach (var folder in Directory.EnumerateDirectories(site.Folder.Runs).Select(f => new RunFolder(f)))
        {
            if (File.Exists(folder.Finished) || !File.Exists(folder.Document))
            {
                continue;
            }

            var run = Documents.Read<RunDocument>(folder.Document);
            keep.UnionWith([run.InitialModel, .. run.FirstTemplates().Values]);
            var last = folder.LastCommitted();
            for (var round = Math.Max(1, last - 1); round <= last; round++)
            {
                if (File.Exists(folder.Commit(round)))
                {
                    var commit = Documents.Read<RoundCommitDocument>(folder.Commit(round));
                    keep.UnionWith([commit.Model, commit.ParentModel, .. commit.Templates.Values, .. commit.Context.Templates.Values, .. new[] { commit.Control, commit.Context.Control }.OfType<string>()]);
                }
            }
        }

        site.Artifacts.Keep(keep);
    }
}
