using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using YamlDotNet.RepresentationModel;

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
        task = WithPublishedShape(task, root);
        FinetuneTaskRules.Check(task);
        return task;
    }

    /// <summary>A task that names another backbone and no widths gets its published ones.</summary>
    private static FinetuneTask WithPublishedShape(FinetuneTask task, YamlMappingNode root)
    {
        if (task.Network.Backbone == Backbones.UniFormer || root.Children[new YamlScalarNode("network")] is not YamlMappingNode network)
        {
            return task;
        }

        bool Names(string field) => network.Children.ContainsKey(new YamlScalarNode(field));
        return task with
        {
            Network = task.Network with
            {
                Widths = Names("widths") ? task.Network.Widths : Backbones.PublishedWidths(task.Network.Backbone),
                Depths = Names("depths") ? task.Network.Depths : Backbones.PublishedDepths(task.Network.Backbone),
            },
        };
    }
}
