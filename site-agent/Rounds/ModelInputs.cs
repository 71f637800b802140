using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Files that a trainer starts from.</summary>
/// <param name="Model">Global model.</param>
/// <param name="Global">Global templates by modality; those that are still zero are absent.</param>
/// <param name="Templates">What the trainer uses: global templates, and this site's own where a modality is not shared.</param>
public sealed record ModelFiles(string Model, IReadOnlyDictionary<string, string> Global, IReadOnlyDictionary<string, string> Templates);

/// <summary>Brings the model of a round onto the disk.</summary>
public sealed class ModelInputs(SiteContext site)
{
    /// <param name="run">The run.</param>
    /// <param name="round">Round the files are for; for progress.</param>
    /// <param name="model">Artifact of the global model.</param>
    /// <param name="templates">Artifact of each template that is not zero.</param>
    /// <param name="shared">Modalities shared in that round.</param>
    public async Task<ModelFiles> FetchAsync(KnownRun run, int round, string model, IReadOnlyDictionary<string, string> templates, IReadOnlyList<string> shared, CancellationToken cancellation)
    {
        void Report(long done, long total) => site.Progress.Set(run.Document.Run, round, "fetch", done, total);

        var modelPath = await site.Artifacts.GetAsync(model, Report, cancellation);
        using (var reader = new SafetensorsReader(modelPath))
        {
            run.Layout.RequireNetwork(reader);
        }

        var global = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (modality, hash) in templates.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            global[modality] = await site.Artifacts.GetAsync(hash, Report, cancellation);
            using var reader = new SafetensorsReader(global[modality]);
            reader.Require(run.Layout.Tensors.Single(t => t.Group == TensorGroups.Template(modality)));
        }

        return new ModelFiles(modelPath, global, Choose(run.Document.Plan, global, run.Folder.ReadLocal()?.Templates, shared));
    }

    /// <summary>A shared modality starts from the global template; another from this site's own, where there is one.</summary>
    public static IReadOnlyDictionary<string, string> Choose(Plan plan, IReadOnlyDictionary<string, string> global, IReadOnlyDictionary<string, string>? local, IReadOnlyList<string> shared)
    {
        var chosen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var modality in plan.Modalities)
        {
            var own = shared.Contains(modality, StringComparer.Ordinal) ? null : local?.GetValueOrDefault(modality);
            if ((own ?? global.GetValueOrDefault(modality)) is { } path)
            {
                chosen.Add(modality, path);
            }
        }

        return chosen;
    }
}
