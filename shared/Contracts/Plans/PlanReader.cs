using System.Globalization;
using System.Reflection;
using BrainMVP.Federated.Contracts.Errors;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>Reads a plan from YAML: a preset and overrides. Every complaint names the field and the line.</summary>
public static class PlanReader
{
    /// <summary>Largest plan file, in characters.</summary>
    public const int MaximumLength = 1024 * 1024;

    /// <summary>Deepest nesting of a plan file; a plan itself has two levels and lists.</summary>
    public const int MaximumDepth = 16;

    /// <exception cref="FederationException">BMF-1001 to BMF-1004.</exception>
    public static Plan ReadFile(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaximumLength)
            {
                throw ErrorCatalogue.PlanUnreadable.With($"{path} is larger than {MaximumLength} bytes.");
            }

            return Read(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.PlanUnreadable.With($"{path}: {e.Message}", e);
        }
    }

    /// <exception cref="FederationException">BMF-1001 to BMF-1004.</exception>
    public static Plan Read(string yaml)
    {
        var root = Parse(yaml);
        var preset = root.Children.TryGetValue(new YamlScalarNode("preset"), out var node)
            ? Word(node, "preset", typeof(Plan).GetProperty(nameof(Plan.Preset))!.GetCustomAttribute<PlanFieldAttribute>()!)
            : Presets.V1;
        var plan = Presets.Create(preset);
        Apply(plan, root, "");
        plan = WithPublishedShape(plan, root, Presets.Create(preset).Network.Backbone);
        PlanRules.Check(plan);
        return plan;
    }

    /// <summary>Another backbone than the preset's gets its published widths and depths unless the plan names its own.</summary>
    private static Plan WithPublishedShape(Plan plan, YamlMappingNode root, string presetBackbone)
    {
        if (plan.Network.Backbone == presetBackbone || !root.Children.TryGetValue(new YamlScalarNode("network"), out var node) || node is not YamlMappingNode network)
        {
            return plan;
        }

        bool Names(string field) => network.Children.ContainsKey(new YamlScalarNode(field));
        return plan with
        {
            Network = plan.Network with
            {
                Widths = Names("widths") ? plan.Network.Widths : Backbones.PublishedWidths(plan.Network.Backbone),
                Depths = Names("depths") ? plan.Network.Depths : Backbones.PublishedDepths(plan.Network.Backbone),
            },
        };
    }

    private static YamlMappingNode Parse(string yaml)
    {
        try
        {
            RequirePlain(yaml);
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            if (stream.Documents.Count == 0)
            {
                return new YamlMappingNode();
            }

            return stream.Documents[0].RootNode switch
            {
                YamlMappingNode mapping => mapping,
                YamlScalarNode { Value: null or "" } => new YamlMappingNode(),
                var other => throw ErrorCatalogue.PlanUnreadable.With($"Line {other.Start.Line}: a plan is a list of \"field: value\" lines."),
            };
        }
        catch (YamlException e)
        {
            throw ErrorCatalogue.PlanUnreadable.With($"Line {e.Start.Line}: {e.Message}", e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or NullReferenceException or IndexOutOfRangeException)
        {
            // The library fails this way on some text that is no YAML.
            throw ErrorCatalogue.PlanUnreadable.With($"The text is not YAML: {e.Message}", e);
        }
    }

    /// <summary>
    /// Walks over the text before a tree is made of it: building and comparing nodes recurses, so depth is bounded here,
    /// and aliases, which could hold themselves, are refused.
    /// </summary>
    private static void RequirePlain(string yaml)
    {
        var parser = new Parser(new StringReader(yaml));
        var depth = 0;
        var documents = 0;
        while (parser.MoveNext())
        {
            var current = parser.Current!;
            depth += current.NestingIncrease;
            documents += current is DocumentStart ? 1 : 0;
            if (depth > MaximumDepth || documents > 1 || current is AnchorAlias)
            {
                throw ErrorCatalogue.PlanUnreadable.With($"Line {current.Start.Line}: a plan is one document without aliases, at most {MaximumDepth} levels deep.");
            }
        }
    }

    private static void Apply(object section, YamlMappingNode node, string prefix)
    {
        var properties = section.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.Name != "EqualityContract")
            .ToDictionary(PlanFields.NameOf, StringComparer.Ordinal);
        foreach (var (keyNode, value) in node.Children)
        {
            var key = Scalar(keyNode, prefix + "?");
            var path = prefix + key;
            if (!properties.TryGetValue(key, out var property))
            {
                throw ErrorCatalogue.PlanUnknownField.With($"Line {keyNode.Start.Line}: \"{path}\" is not a plan field; known here: {string.Join(", ", properties.Keys)}.");
            }

            if (PlanFields.IsSection(property))
            {
                if (value is not YamlMappingNode mapping)
                {
                    throw ErrorCatalogue.PlanOutOfRange.With($"Line {value.Start.Line}: \"{path}\" is a section and needs indented fields below it.");
                }

                Apply(property.GetValue(section)!, mapping, path + ".");
            }
            else
            {
                // init-only properties are written through reflection: presets give a fresh object each time.
                property.SetValue(section, Convert(property, value, path));
            }
        }
    }

    private static object Convert(PropertyInfo property, YamlNode node, string path)
    {
        var rule = property.GetCustomAttribute<PlanFieldAttribute>()!;
        var type = property.PropertyType;
        if (type == typeof(IReadOnlyList<int>))
        {
            return Items(node, path, rule).Select(n => (int)Number(n, path, rule, typeof(int))).ToArray();
        }

        if (type == typeof(IReadOnlyList<string>))
        {
            return Items(node, path, rule).Select(n => Word(n, path, rule)).ToArray();
        }

        if (type == typeof(string))
        {
            return Word(node, path, rule);
        }

        if (type == typeof(bool))
        {
            return Scalar(node, path) switch
            {
                "true" => true,
                "false" => false,
                var other => throw ErrorCatalogue.PlanOutOfRange.With($"Line {node.Start.Line}: {path} is \"{other}\"; it must be true or false."),
            };
        }

        return Number(node, path, rule, type);
    }

    private static IReadOnlyList<YamlNode> Items(YamlNode node, string path, PlanFieldAttribute rule)
    {
        if (node is not YamlSequenceNode list)
        {
            throw ErrorCatalogue.PlanOutOfRange.With($"Line {node.Start.Line}: {path} must be a list, for example [1, 2, 3].");
        }

        if (rule.Items > 0 && list.Children.Count != rule.Items)
        {
            throw ErrorCatalogue.PlanOutOfRange.With($"Line {node.Start.Line}: {path} has {list.Children.Count} items; it must have {rule.Items}.");
        }

        return [.. list.Children];
    }

    private static object Number(YamlNode node, string path, PlanFieldAttribute rule, Type type)
    {
        var text = Scalar(node, path);
        object? value = null;
        double number = double.NaN;
        if (type == typeof(double))
        {
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number))
            {
                value = number;
            }
        }
        else if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
        {
            number = integer;
            value = type == typeof(long) ? integer : integer is >= int.MinValue and <= int.MaxValue ? (int)integer : null;
        }

        if (value is null || !double.IsFinite(number) || number < rule.Minimum || number > rule.Maximum)
        {
            var kind = type == typeof(double) ? "a number" : "a whole number";
            throw ErrorCatalogue.PlanOutOfRange.With(string.Create(CultureInfo.InvariantCulture,
                $"Line {node.Start.Line}: {path} is \"{text}\"; it must be {kind} in {rule.Minimum:R}..{rule.Maximum:R}{(rule.Unit.Length > 0 ? " " + rule.Unit : "")}."));
        }

        return value;
    }

    private static string Word(YamlNode node, string path, PlanFieldAttribute rule)
    {
        var text = Scalar(node, path);
        if (rule.OneOf.Length > 0 && !rule.OneOf.Contains(text, StringComparer.Ordinal))
        {
            throw ErrorCatalogue.PlanOutOfRange.With($"Line {node.Start.Line}: {path} is \"{text}\"; it must be one of {string.Join(", ", rule.OneOf)}.");
        }

        return text;
    }

    private static string Scalar(YamlNode node, string path) => node is YamlScalarNode { Value: { } value }
        ? value
        : throw ErrorCatalogue.PlanOutOfRange.With($"Line {node.Start.Line}: {path} must be a single value.");
}
