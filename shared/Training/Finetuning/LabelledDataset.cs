using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Training.Data;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>Why a case is not used.</summary>
/// <param name="Name">Name of the case.</param>
/// <param name="Error">For example BMF-1107.</param>
/// <param name="Detail">For people.</param>
public sealed record UnusedCase(string Name, string Error, string Detail);

/// <summary>The cases of a data set that a task can learn from, prepared, with their labels on the same grid.</summary>
public sealed class LabelledDataset : IDisposable
{
    private const string LabelFolder = "labels";
    private const string LabelIndex = "labels.json";

    private readonly PreparedCases _volumes;

    private LabelledDataset(PreparedCases volumes, IReadOnlyList<LabelledCase> cases, IReadOnlyList<UnusedCase> unused)
    {
        (_volumes, Cases, Unused) = (volumes, cases, unused);
    }

    /// <summary>In ordinal order of names.</summary>
    public IReadOnlyList<LabelledCase> Cases { get; }

    public IReadOnlyList<UnusedCase> Unused { get; }

    /// <summary>Scans a folder or manifest and prepares what has labels. What was prepared before is not prepared again.</summary>
    /// <param name="task">Modalities, imaging, regions or classes.</param>
    /// <param name="dataPath">Folder or CSV manifest.</param>
    /// <param name="folder">Receives the prepared cases.</param>
    /// <param name="progress">Told the cases done and the cases in total.</param>
    /// <param name="ct">Stops between two cases.</param>
    /// <exception cref="FederationException">BMF-1101, 1109, 1110, 1113, BMF-1123 when no case has labels; BMF-1403.</exception>
    public static LabelledDataset Prepare(FinetuneTask task, string dataPath, string folder, Action<int, int> progress, CancellationToken ct) =>
        Prepare(task, dataPath, folder, [], progress, ct);

    /// <inheritdoc cref="Prepare(FinetuneTask, string, string, Action{int, int}, CancellationToken)"/>
    /// <param name="reuse">Further folders that may hold the same volumes.</param>
    public static LabelledDataset Prepare(FinetuneTask task, string dataPath, string folder, IReadOnlyList<string> reuse, Action<int, int> progress, CancellationToken ct)
    {
        var scan = DatasetScanner.Scan(dataPath);
        var unused = scan.Skipped.Select(s => new UnusedCase(s.Subject, s.Error.Id, s.Detail)).ToList();
        var wanted = new List<ScannedCase>();
        foreach (var scanned in scan.Cases)
        {
            if (Unsuitable(task, scanned) is { } reason)
            {
                unused.Add(new UnusedCase(scanned.Name, ErrorCatalogue.NoLabelledCase.Id, reason));
            }
            else
            {
                wanted.Add(scanned);
            }
        }

        if (wanted.Count == 0)
        {
            throw ErrorCatalogue.NoLabelledCase.With($"{dataPath}: {unused.Count} cases, none of use; {string.Join("; ", unused.Take(3).Select(u => $"{u.Name}: {u.Detail}"))}");
        }

        var prepared = PreparedDataset.Prepare(scan with { Cases = wanted, Skipped = [] }, task.Imaging, folder, reuse, new Direct(progress), ct);
        unused.AddRange(prepared.Skipped.Select(s => new UnusedCase(s.Subject, s.Error, s.Detail)));
        var labels = Labels(task, wanted, prepared, Path.Combine(folder, LabelFolder), unused, ct);
        DurableFile.WriteAllBytes(Path.Combine(folder, LabelFolder, LabelIndex), CanonicalJson.Serialize(labels.ToDictionary(l => l.Key, l => Path.GetFileName(l.Value), StringComparer.Ordinal)));
        return Open(task, folder, prepared, labels, unused);
    }

    /// <summary>Opens what was prepared for the same task.</summary>
    /// <exception cref="FederationException">BMF-1011, 1110, BMF-1123 when no case has labels, 1401.</exception>
    public static LabelledDataset Load(FinetuneTask task, string folder)
    {
        var index = Path.Combine(folder, LabelFolder, LabelIndex);
        if (!File.Exists(index))
        {
            throw ErrorCatalogue.ArtifactMissing.With(index);
        }

        var labels = CanonicalJson.Read<Dictionary<string, string>>(File.ReadAllBytes(index)).ToDictionary(l => l.Key, l => Path.Combine(folder, LabelFolder, Path.GetFileName(l.Value)), StringComparer.Ordinal);
        return Open(task, folder, PreparedDataset.Load(folder), labels, []);
    }

    public void Dispose() => _volumes.Dispose();

    /// <summary>Null when the task can use the case, else why not.</summary>
    private static string? Unsuitable(FinetuneTask task, ScannedCase scanned)
    {
        if (!task.Modalities.Any(scanned.Series.ContainsKey))
        {
            return $"It has none of {string.Join(", ", task.Modalities)}.";
        }

        if (task.Kind == TaskKinds.Segmentation)
        {
            return scanned.Segmentation is null ? "It has no label map." : null;
        }

        return scanned.Class.Length == 0 ? "It has no class."
            : task.Classes.Contains(scanned.Class, StringComparer.Ordinal) ? null
            : $"Its class \"{scanned.Class}\" is none of {string.Join(", ", task.Classes)}.";
    }

    private static Dictionary<string, string> Labels(FinetuneTask task, List<ScannedCase> wanted, PreparedDataset prepared, string folder, List<UnusedCase> unused, CancellationToken ct)
    {
        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        var usable = prepared.Cases.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var scanned in wanted.Where(w => task.Kind == TaskKinds.Segmentation && usable.Contains(w.Name)))
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                paths.Add(scanned.Name, PreparedLabels.Prepare(scanned, task.Imaging, folder, ct));
            }
            catch (FederationException e) when (e.Code.Number is >= 1100 and < 1200)
            {
                unused.Add(new UnusedCase(scanned.Name, e.Code.Id, e.Message));
            }
        }

        PreparedLabels.Sweep(folder, paths.Values.ToHashSet(StringComparer.Ordinal));
        return paths;
    }

    private static LabelledDataset Open(FinetuneTask task, string folder, PreparedDataset prepared, Dictionary<string, string> labels, List<UnusedCase> unused)
    {
        var classes = prepared.Cases.ToDictionary(c => c.Name, c => c.Class, StringComparer.Ordinal);
        var volumes = PreparedCases.Open(folder, task.ToPlan());
        try
        {
            LabelledCase[] cases = task.Kind == TaskKinds.Segmentation
                ? [.. volumes.Cases.Where(c => labels.ContainsKey(c.Name)).Select(c => new LabelledCase(c, 0, labels[c.Name]))]
                : [.. volumes.Cases.Select(c => new LabelledCase(c, Position(task.Classes, classes[c.Name]), ""))];
            if (cases.Length == 0)
            {
                throw ErrorCatalogue.NoLabelledCase.With(string.Join("; ", unused.Take(3).Select(u => $"{u.Name}: {u.Error} {u.Detail}")));
            }

            return new LabelledDataset(volumes, [.. cases.OrderBy(c => c.Name, StringComparer.Ordinal)], [.. unused.OrderBy(u => u.Name, StringComparer.Ordinal)]);
        }
        catch
        {
            volumes.Dispose();
            throw;
        }
    }

    private static int Position(IReadOnlyList<string> classes, string name) => classes.Index().First(c => c.Item == name).Index;

    /// <summary>A region or class that no case has is a mistake in the task rather than a fact of the data.</summary>
    /// <exception cref="FederationException">BMF-1123.</exception>
    public void RequireEveryOutput(FinetuneTask task)
    {
        if (task.Kind == TaskKinds.Classification)
        {
            if (task.Classes.Index().Where(c => !Cases.Any(x => x.Class == c.Index)).Select(c => c.Item).FirstOrDefault() is { } absent)
            {
                throw ErrorCatalogue.NoLabelledCase.With($"No case has the class \"{absent}\".");
            }

            return;
        }

        var regions = LabelRegion.Of(task);
        var missing = regions.Index().Select(r => r.Index).ToHashSet();
        var found = new SortedSet<byte>();
        foreach (var item in Cases.TakeWhile(_ => missing.Count > 0))
        {
            found.UnionWith(PreparedLabels.Read(item.LabelPath, item.Volumes.Shape).Distinct().Where(l => l > 0));
            missing.RemoveWhere(r => regions[r].Labels.Any(found.Contains));
        }

        if (missing.Count > 0)
        {
            throw ErrorCatalogue.NoLabelledCase.With($"No case has a voxel of {string.Join(", ", missing.Order().Select(r => task.Regions[r]))}; the label maps hold {string.Join(", ", found)}.");
        }
    }

    /// <summary>Reports on the thread that does the work.</summary>
    private sealed class Direct(Action<int, int> sink) : IProgress<PreparationProgress>
    {
        public void Report(PreparationProgress value) => sink(value.Done, value.Total);
    }
}
