using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.SiteAgent.Finetuning;

/// <summary>Where a fine-tuning keeps what; the same command again goes on where it stopped.</summary>
public sealed class FinetuneFolder
{
    private const string IdentityFile = "finetune.id";

    private FinetuneFolder(string root) => Root = root;

    public string Root { get; }

    public string Task => Path.Combine(Root, "task.yaml");

    public string Model => Path.Combine(Root, "model.safetensors");

    /// <summary>The templates that the model was trained with; predictions need them.</summary>
    public string Templates => Path.Combine(Root, "templates");

    public string Summary => Path.Combine(Root, "summary.json");

    public string Report => Path.Combine(Root, "report.html");

    /// <summary>Checkpoints and the trainer's log.</summary>
    public string Job => Path.Combine(Root, "job");

    /// <summary>Prepared volumes and labels.</summary>
    public string Data => Path.Combine(Root, "data");

    /// <summary>Takes a folder that is empty, new, or holds an earlier part of the same fine-tuning.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="identity">Hash of task, data and start.</param>
    /// <exception cref="FederationException">BMF-1603 when it holds something else.</exception>
    public static FinetuneFolder Take(string root, string identity)
    {
        var known = Path.Combine(root, IdentityFile);
        if (File.Exists(known))
        {
            return File.ReadAllText(known) == identity
                ? new FinetuneFolder(root)
                : throw ErrorCatalogue.OutputNotOurs.With($"{root} holds a fine-tuning with another task, other data or another start. Choose another --out.");
        }

        if (Directory.Exists(root) && Directory.EnumerateFileSystemEntries(root).Any(e => !Path.GetFileName(e).StartsWith("finetune.", StringComparison.Ordinal)))
        {
            throw ErrorCatalogue.OutputNotOurs.With($"{root} is not empty and was not made by this command.");
        }

        Directory.CreateDirectory(root);
        Contracts.Storage.DurableFile.WriteAllText(known, identity);
        return new FinetuneFolder(root);
    }
}
