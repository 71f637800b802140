using System.Globalization;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>Which optimiser snapshot and local templates the next round starts from.</summary>
/// <param name="Round">Last committed round with this site's update in it.</param>
/// <param name="Snapshot">Snapshot folder of that round.</param>
/// <param name="Templates">Local template files by modality, for modalities that are not shared.</param>
public sealed record LocalState(int Round, string Snapshot, IReadOnlyDictionary<string, string> Templates);

/// <summary>What a site keeps of one run.</summary>
public sealed class RunFolder(string root)
{
    public string Root { get; } = root;

    public string Document => Path.Combine(Root, "run.json");

    public string Layout => Path.Combine(Root, "layout.json");

    public string Profile => Path.Combine(Root, "profile.json");

    public string Approval => Path.Combine(Root, "approval.json");

    /// <summary>Result of the preparation of the data set.</summary>
    public string Dataset => Path.Combine(Root, "dataset.json");

    public string PrepareJob => Path.Combine(Root, "prepare");

    public string EvaluateJob => Path.Combine(Root, "evaluate");

    public string Evaluation => Path.Combine(Root, "evaluation.json");

    /// <summary>Written when the run ended.</summary>
    public string Finished => Path.Combine(Root, "finished.json");

    private string Local => Path.Combine(Root, "local.json");

    private string Rounds => Path.Combine(Root, "rounds");

    private string Commits => Path.Combine(Root, "commits");

    public RoundFolder Round(int round, int attempt) =>
        new(Path.Combine(Rounds, string.Create(CultureInfo.InvariantCulture, $"{round:D6}-{attempt:D3}")));

    public string Commit(int round) => Path.Combine(Commits, string.Create(CultureInfo.InvariantCulture, $"{round:D6}.json"));

    public string LocalTemplate(int round, string modality) =>
        Path.Combine(Root, "templates", string.Create(CultureInfo.InvariantCulture, $"{round:D6}-{modality}.safetensors"));

    /// <summary>Highest round whose commit was verified here, 0 when there is none.</summary>
    public int LastCommitted() => !Directory.Exists(Commits)
        ? 0
        : Directory.EnumerateFiles(Commits, "*.json")
            .Select(f => int.Parse(Path.GetFileNameWithoutExtension(f), NumberStyles.None, CultureInfo.InvariantCulture))
            .DefaultIfEmpty(0)
            .Max();

    /// <summary>Full paths, whatever folder the site was moved to.</summary>
    public LocalState? ReadLocal() => File.Exists(Local)
        ? Map(CanonicalJson.Read<LocalState>(File.ReadAllBytes(Local)), p => Path.Combine(Root, p))
        : null;

    public void WriteLocal(LocalState state) =>
        DurableFile.WriteAllBytes(Local, CanonicalJson.Serialize(Map(state, p => Path.GetRelativePath(Root, p))));

    private static LocalState Map(LocalState state, Func<string, string> path) => state with
    {
        Snapshot = path(state.Snapshot),
        Templates = state.Templates.ToDictionary(t => t.Key, t => path(t.Value), StringComparer.Ordinal),
    };

    /// <summary>Deletes what rounds long past left behind: all but the last two rounds and the one the next starts from.</summary>
    public void Sweep(int lastRound)
    {
        var keep = ReadLocal()?.Round;
        if (Directory.Exists(Rounds))
        {
            foreach (var folder in Directory.EnumerateDirectories(Rounds))
            {
                var round = int.Parse(Path.GetFileName(folder)[..6], NumberStyles.None, CultureInfo.InvariantCulture);
                if (round < lastRound - 1 && round != keep)
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
        }

        var used = ReadLocal()?.Templates.Values.ToHashSet(StringComparer.Ordinal) ?? [];
        var templates = Path.Combine(Root, "templates");
        if (Directory.Exists(templates))
        {
            foreach (var file in Directory.EnumerateFiles(templates, "*.safetensors"))
            {
                if (!used.Contains(file) && int.Parse(Path.GetFileName(file)[..6], NumberStyles.None, CultureInfo.InvariantCulture) < lastRound - 1)
                {
                    File.Delete(file);
                }
            }
        }
    }

    /// <summary>Deletes the folders of all rounds; documents and commits stay.</summary>
    public void DropRounds()
    {
        foreach (var folder in (string[])[Rounds, PrepareJob, EvaluateJob])
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }
}

/// <summary>What a site keeps of one attempt of a round.</summary>
public sealed class RoundFolder(string root)
{
    public string Root { get; } = root;

    public string Open => Path.Combine(Root, "open.json");

    public string Roster => Path.Combine(Root, "roster.json");

    public string Report => Path.Combine(Root, "report.json");

    public string Outcome => Path.Combine(Root, "outcome.json");

    /// <summary>Model after training whose change was scaled down to the plan's norm.</summary>
    public string Bounded => Path.Combine(Root, "bounded.safetensors");

    public string Manifest => Path.Combine(Root, "manifest.json");

    /// <summary>Encoded update.</summary>
    public string Update => Path.Combine(Root, "update.bin");

    /// <summary>Written when the aggregator confirmed the whole update.</summary>
    public string Delivered => Path.Combine(Root, "delivered.json");

    public string Job => Path.Combine(Root, "job");
}
