using System.Globalization;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>The run is over: keeps its documents, deletes prepared images, checkpoints and updates.</summary>
public sealed class FinishWork(SiteContext site)
{
    public WorkResult Do(Assignment assignment)
    {
        var folder = site.Run(assignment.Run);
        if (!File.Exists(folder.Finished))
        {
            var last = folder.LastCommitted();
            site.Audit.Append("run.finished", assignment.Run, new Dictionary<string, string> { ["rounds"] = last.ToString(CultureInfo.InvariantCulture) });
            DurableFile.WriteAllBytes(folder.Finished, CanonicalJson.Serialize(new Dictionary<string, string> { ["at"] = Documents.Now(site.Time) }));
        }

        folder.DropRounds();
        var cache = Path.Combine(site.Folder.Cache, assignment.Run);
        if (Directory.Exists(cache))
        {
            Directory.Delete(cache, recursive: true);
        }

        return WorkResult.Finished;
    }
}
