using System.Reflection;
using BrainMVP.Federated.Contracts.Errors;
using YamlDotNet.RepresentationModel;

namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>Reads a plan from YAML: a preset and overrides. Every complaint names the field and the line.</summary>
public static class PlanReader
{
    /// <summary>Largest plan file, in characters.</summary>
    public const int MaximumLength = FieldReader.MaximumLength;

    /// <summary>Deepest nesting of a plan file; a plan itself has two levels and lists.</summary>
    public const int MaximumDepth = FieldReader.MaximumDepth;

    private static readonly FieldReader Fields = new("plan", ErrorCatalogue.PlanUnreadable, ErrorCatalogue.PlanUnknownField, ErrorCatalogue.PlanOutOfRange);

    /// <exception cref="FederationException">BMF-1001 to BMF-1004.</exception>
    public static Plan ReadFile(string path) => Read(Fields.ReadText(path));

    /// <exception cref="FederationException">BMF-1001 to BMF-1004.</exception>
    public static Plan Read(string yaml)
    {
        var root = Fields.Parse(yaml);
        var preset = root.Children.TryGetValue(new YamlScalarNode("preset"), out var node)
            ? Fields.Word(node, "preset", typeof(Plan).GetProperty(nameof(Plan.Preset))!.GetCustomAttribute<PlanFieldAttribute>()!)
            : Presets.V1;
        var plan = Presets.Create(preset);
        Fields.Apply(plan, root);
        plan = plan with { Network = FieldReader.WithPublishedShape(plan.Network, Presets.Create(preset).Network.Backbone, root) };
        PlanRules.Check(plan);
        return plan;
    }
}
