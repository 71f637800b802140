using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
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

    public string CompareJob => Path.Combine(Root, "compare");

    /// <summary>All sites' models on this site's cases.</summary>
    public string Comparison => Path.Combine(Root, "comparison.json");

    /// <summary>Of a supervised run that is over: the federation's model with what this site keeps of its own, and templates, as `predict` takes them.</summary>
    public string Model => Path.Combine(Root, "model");

    /// <summary>Written when the run ended.</summary>
    public string Finished => Path.Combine(Root, "finished.json");

    /// <summary>One file for each committed round with this site's update in it.</summary>
    private string Locals => Path.Combine(Root, "local");

    private string Rounds => Path.Combine(Root, "rounds");

    private string Commits => Path.Combine(Root, "commits");

    public RoundFolder Round(int round, int attempt) =>
        new(Path.Combine(Rounds, string.Create(CultureInfo.InvariantCulture, $"{round:D6}-{attempt:D3}")));

    public string Commit(int round) => Path.Combine(Commits, string.Create(CultureInfo.InvariantCulture, $"{round:D6}.json"));

    public string LocalTemplate(int round, string modality) =>
        Path.Combine(Root, "templates", string.Create(CultureInfo.InvariantCulture, $"{round:D6}-{modality}.safetensors"));

    /// <summary>Highest round whose commit was verified here, 0 when there is none.</summary>
    public int LastCommitted() => Numbered(Commits).DefaultIfEmpty(0).Max();

    /// <summary>Attempt of a round whose commit is here; null when it is not.</summary>
    public int? AttemptOf(int round) => File.Exists(Commit(round)) ? Documents.Read<RoundCommitDocument>(Commit(round)).Context.Attempt : null;

    /// <summary>What the next round starts from. Full paths, whatever folder the site was moved to.</summary>
    public LocalState? ReadLocal() => Numbered(Locals).DefaultIfEmpty(0).Max() is > 0 and var round
        ? Map(ReadLocal(round), p => Path.Combine(Root, p))
        : null;

    public void WriteLocal(LocalState state) =>
        DurableFile.WriteAllBytes(Local(state.Round), CanonicalJson.Serialize(Map(state, p => Path.GetRelativePath(Root, p))));

    /// <summary>Forgets what was committed after a round. The folders of later rounds stay until they are swept: another attempt has another one.</summary>
    public void RollBack(int round)
    {
        // The newest first: a site that dies in between still has a chain without a gap.
        foreach (var later in Numbered(Locals).Where(r => r > round).OrderDescending())
        {
            File.Delete(Local(later));
        }

        foreach (var later in Numbered(Commits).Where(r => r > round).OrderDescending())
        {
            File.Delete(Commit(later));
        }

        File.Delete(Evaluation);
        File.Delete(Comparison);
    }

    /// <summary>Deletes what rounds long past left behind: all but the last ones and those that they, or a rolled back run, start from.</summary>
    /// <param name="lastRound">Last committed round.</param>
    /// <param name="rollback">Rounds before it that may still be needed: commits that the plan allows to roll back by, or the age of late work.</param>
    public void Sweep(int lastRound, int rollback)
    {
        var oldest = Math.Min(lastRound - 1, lastRound - rollback);
        var states = Numbered(Locals).Order().ToArray();
        var needed = states.Where(r => r >= oldest).Append(states.LastOrDefault(r => r < oldest)).ToHashSet();

        // Work that was carried lies in the folder of the round it was trained in.
        var folders = needed.Where(r => r > 0).Select(r => Path.GetRelativePath(Rounds, Path.Combine(Root, ReadLocal(r).Snapshot)).Split(Path.DirectorySeparatorChar)[0]).ToHashSet(StringComparer.Ordinal);
        foreach (var round in states.Where(r => !needed.Contains(r)))
        {
            File.Delete(Local(round));
        }

        if (Directory.Exists(Rounds))
        {
            foreach (var folder in Directory.EnumerateDirectories(Rounds))
            {
                var round = int.Parse(Path.GetFileName(folder)[..6], NumberStyles.None, CultureInfo.InvariantCulture);
                if (round < oldest && !folders.Contains(Path.GetFileName(folder)))
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
        }

        var templates = Path.Combine(Root, "templates");
        if (Directory.Exists(templates))
        {
            foreach (var file in Directory.EnumerateFiles(templates, "*.safetensors"))
            {
                var round = int.Parse(Path.GetFileName(file)[..6], NumberStyles.None, CultureInfo.InvariantCulture);
                if (round < oldest && !needed.Contains(round))
                {
                    File.Delete(file);
                }
            }
        }
    }

    private static int[] Numbered(string folder) => !Directory.Exists(folder)
        ? []
        : Directory.EnumerateFiles(folder, "*.json").Select(f => int.Parse(Path.GetFileNameWithoutExtension(f), NumberStyles.None, CultureInfo.InvariantCulture)).ToArray();

    private static LocalState Map(LocalState state, Func<string, string> path) => state with
    {
        Snapshot = path(state.Snapshot),
        Templates = state.Templates.ToDictionary(t => t.Key, t => path(t.Value), StringComparer.Ordinal),
    };

    private LocalState ReadLocal(int round) => CanonicalJson.Read<LocalState>(File.ReadAllBytes(Local(round)));

    private string Local(int round) => Path.Combine(Locals, string.Create(CultureInfo.InvariantCulture, $"{round:D6}.json"));

    /// <summary>Deletes the folders of all rounds; documents and commits stay.</summary>
    public void DropRounds()
    {
        foreach (var folder in (string[])[Rounds, PrepareJob, EvaluateJob, CompareJob])
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

    /// <summary>Written when this site gave the work up, or was told that it is wrong: it is not carried into a later round.</summary>
    public string GivenUp => Path.Combine(Root, "given-up.json");

    public string Outcome => Path.Combine(Root, "outcome.json");

    /// <summary>Model after training whose change was scaled down to the plan's norm.</summary>
    public string Bounded => Path.Combine(Root, "bounded.safetensors");

    public string Manifest => Path.Combine(Root, "manifest.json");

    /// <summary>Written when the aggregator confirmed the whole update.</summary>
    public string Delivered => Path.Combine(Root, "delivered.json");

    public string Job => Path.Combine(Root, "job");
}
