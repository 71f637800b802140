using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Simulation.Federation;

/// <summary>The output folder: results at the top, logs, and the working folders of the processes.</summary>
public sealed class SimulationFolder : IDisposable
{
    private const string Marker = ".brainmvp-simulation";

    private const string LockFile = ".brainmvp-simulation.lock";

    private readonly FolderLock _lock;

    private SimulationFolder(string root, string? aggregator, FolderLock held)
    {
        _lock = held;
        Root = root;
        Aggregator = aggregator ?? Path.Combine(Work, "aggregator");
    }

    public string Root { get; }

    public string Work => Path.Combine(Root, "work");

    public string Logs => Path.Combine(Root, "logs");

    /// <summary>What a process prints.</summary>
    public string Log(string name) => Path.Combine(Logs, name + ".log");

    /// <summary>Marks of the points that ordered faults have reached.</summary>
    public string Faults => Path.Combine(Work, "faults");

    public string Aggregator { get; }

    public string Plan => Path.Combine(Root, "plan.yaml");

    public string InitialModel => Path.Combine(Work, "initial-model.safetensors");

    public string Summary => Path.Combine(Root, "summary.json");

    public string Report => Path.Combine(Root, "report.html");

    public string GlobalModel => Path.Combine(Root, "global-model.safetensors");

    public string Templates => Path.Combine(Root, "templates");

    /// <summary>Of a supervised plan: the federation's model as a site uses it, with its own layers and the templates.</summary>
    public string SiteModel(string name) => Path.Combine(Root, "models", name);

    public string History => Path.Combine(Root, "history");

    public string Site(string name) => Path.Combine(Work, "sites", name);

    public string Data(string name) => Path.Combine(Work, "data", name);

    /// <summary>Takes a folder that is empty or was made by a simulation; what the earlier one left is removed.</summary>
    /// <param name="root">The output folder.</param>
    /// <param name="aggregator">Folder of the aggregator elsewhere; null for one below.</param>
    /// <exception cref="FederationException">BMF-1603 when it holds anything else, BMF-1009 while another simulation works there.</exception>
    public static SimulationFolder Take(string root, string? aggregator = null)
    {
        if (aggregator is not null && Directory.Exists(aggregator))
        {
            throw ErrorCatalogue.OutputNotOurs.With($"{aggregator} exists already.");
        }

        var marker = Path.Combine(root, Marker);
        if (Directory.Exists(root) && Directory.EnumerateFileSystemEntries(root).Any() && !File.Exists(marker))
        {
            throw ErrorCatalogue.OutputNotOurs.With($"{root} is not empty and was not made by a simulation.");
        }

        Directory.CreateDirectory(root);
        File.WriteAllText(marker, "");
        var held = FolderLock.Take(Path.Combine(root, LockFile));
        foreach (var entry in new DirectoryInfo(root).EnumerateFileSystemInfos().Where(e => !e.Name.StartsWith(Marker, StringComparison.Ordinal)).ToArray())
        {
            if (entry is DirectoryInfo folder)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }

        return new SimulationFolder(root, aggregator, held);
    }

    public void Dispose() => _lock.Dispose();
}
