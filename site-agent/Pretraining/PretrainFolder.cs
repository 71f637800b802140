using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.SiteAgent.Pretraining;

/// <summary>Where a local pre-training keeps what; the same folder again goes on where it stopped.</summary>
public sealed class PretrainFolder
{
    private readonly string _root;

    private PretrainFolder(string root) => _root = root;

    public string Plan => Path.Combine(_root, "plan.yaml");

    /// <summary>Identity of what is trained here, and the rounds that are done.</summary>
    public string Progress => Path.Combine(_root, "progress.json");

    public string Initial => Path.Combine(_root, "initial.safetensors");

    /// <summary>Prepared volumes.</summary>
    public string Data => Path.Combine(_root, "data");

    public string Rounds => Path.Combine(_root, "rounds");

    public string Model => Path.Combine(_root, "model.safetensors");

    public string Templates => Path.Combine(_root, "templates");

    public string Reconstructions => Path.Combine(_root, "reconstructions.png");

    public string TemplatePicture => Path.Combine(_root, "templates.png");

    public string Summary => Path.Combine(_root, "summary.json");

    public string Round(int round) => Path.Combine(Rounds, round.ToString("D6", CultureInfo.InvariantCulture));

    public string Prepare => PrepareIn(_root);

    public string Evaluate => Path.Combine(_root, "evaluate");

    /// <summary>Folder of the preparation's job.</summary>
    public static string PrepareIn(string root) => Path.Combine(root, "prepare");

    /// <summary>Takes a folder that is empty, new, or holds an earlier part of the same training.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="identity">Hash of plan, data and start.</param>
    /// <exception cref="FederationException">BMF-1603 when it holds something else.</exception>
    public static PretrainFolder Take(string root, string identity)
    {
        var folder = new PretrainFolder(root);
        if (File.Exists(folder.Progress))
        {
            var known = CanonicalJson.Read<PretrainProgress>(File.ReadAllBytes(folder.Progress));
            return known.Identity == identity ? folder : throw ErrorCatalogue.OutputNotOurs.With($"{root} holds a pre-training with another plan, other data or another start.");
        }

        if (Directory.Exists(root) && Directory.EnumerateFileSystemEntries(root).Any(e => !Path.GetFileName(e).StartsWith("pretrain.", StringComparison.Ordinal)))
        {
            throw ErrorCatalogue.OutputNotOurs.With($"{root} is not empty and was not made by this command.");
        }

        Directory.CreateDirectory(root);
        folder.Save(new PretrainProgress { Identity = identity });
        return folder;
    }

    public PretrainProgress Load() => CanonicalJson.Read<PretrainProgress>(File.ReadAllBytes(Progress));

    public void Save(PretrainProgress progress) => DurableFile.WriteAllBytes(Progress, CanonicalJson.Serialize(progress));

    /// <summary>Template files of a folder by modality.</summary>
    public static IReadOnlyDictionary<string, string> TemplatesIn(string? folder, Plan plan) => folder is null
        ? new Dictionary<string, string>()
        : plan.Modalities.Select(m => (Modality: m, Path: Path.Combine(folder, m + ".safetensors"))).Where(t => File.Exists(t.Path)).ToDictionary(t => t.Modality, t => t.Path, StringComparer.Ordinal);
}
