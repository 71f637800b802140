using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Contracts.Finetuning;

/// <summary>Reads a task from YAML: defaults and overrides. Every complaint names the field and the line.</summary>
public static class FinetuneTaskReader
{
    private static readonly FieldReader Fields = new("task", ErrorCatalogue.TaskInvalid, ErrorCatalogue.TaskInvalid, ErrorCatalogue.TaskInvalid);

    /// <exception cref="FederationException">BMF-1012.</exception>
    public static FinetuneTask ReadFile(string path) => Read(Fields.ReadText(path));

    /// <exception cref="FederationException">BMF-1012.</exception>
    public static FinetuneTask Read(string yaml)
    {
        var (task, root) = (new FinetuneTask(), Fields.Parse(yaml));
        Fields.Apply(task, root);
        task = task with { Network = FieldReader.WithPublishedShape(task.Network, new NetworkPlan().Backbone, root) };
        FinetuneTaskRules.Check(task);
        return task;
    }
}
