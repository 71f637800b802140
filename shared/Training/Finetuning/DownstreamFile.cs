using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Checkpoints;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>A fine-tuned model as safetensors: its tensors, and its task as canonical JSON in the metadata.</summary>
public static class DownstreamFile
{
    private const string TaskKey = "task";

    public static void Write(string path, FinetuneTask task, DownstreamNetwork network) => SafetensorsWriter.WriteFile(
        path,
        network.State.All.Select(t => TensorFile.Source(t.Key, t.Value)),
        new Dictionary<string, string> { [TaskKey] = Encoding.UTF8.GetString(CanonicalJson.Serialize(task)) });

    /// <summary>The task of a fine-tuned model.</summary>
    /// <exception cref="FederationException">BMF-1401, BMF-1405, or BMF-1406 when the file is no fine-tuned model.</exception>
    public static FinetuneTask ReadTask(string path)
    {
        using var file = new SafetensorsReader(path);
        if (!file.Metadata.TryGetValue(TaskKey, out var text))
        {
            throw ErrorCatalogue.LayoutMismatch.With($"{path} is no model of `site-agent finetune`: it names no task.");
        }

        var task = CanonicalJson.Read<FinetuneTask>(Encoding.UTF8.GetBytes(text));
        FinetuneTaskRules.Check(task);
        return task;
    }

    /// <summary>Fills a network of the file's task.</summary>
    /// <exception cref="FederationException">BMF-1401, BMF-1405 or BMF-1406.</exception>
    public static void Load(DownstreamNetwork network, string path)
    {
        using var file = new SafetensorsReader(path);
        foreach (var (name, tensor) in network.State.All)
        {
            TensorFile.Read(file, name, tensor);
        }
    }
}
