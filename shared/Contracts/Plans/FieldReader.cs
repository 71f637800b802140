using System.Globalization;
using System.Reflection;
using BrainMVP.Federated.Contracts.Errors;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>
/// Reads records whose properties carry <see cref="PlanFieldAttribute"/> from YAML: each field that the text names
/// replaces the one that is there. Every complaint names the field and the line.
/// </summary>
/// <param name="noun">What the document is called, for example "plan".</param>
/// <param name="unreadable">Error of text that is no YAML.</param>
/// <param name="unknownField">Error of a field that there is not.</param>
/// <param name="outOfRange">Error of a value of the wrong kind or out of its range.</param>
internal sealed class FieldReader(string noun, ErrorCode unreadable, ErrorCode unknownField, ErrorCode outOfRange)
{
    /// <summary>Largest file, in characters.</summary>
    public const int MaximumLength = 1024 * 1024;

    /// <summary>Deepest nesting; a document has two levels and lists.</summary>
    public const int MaximumDepth = 16;

    /// <exception cref="FederationException">The file is missing or too large.</exception>
    public string ReadText(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaximumLength)
            {
                throw unreadable.With($"{path} is larger than {MaximumLength} bytes.");
            }

            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw unreadable.With($"{path}: {e.Message}", e);
        }
    }

    /// <exception cref="FederationException">The text is not one plain mapping.</exception>
    public YamlMappingNode Parse(string yaml)
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
                var other => throw unreadable.With($"Line {other.Start.Line}: a {noun} is a list of \"field: value\" lines."),
            };
        }
        catch (YamlException e)
        {
            throw unreadable.With($"Line {e.Start.Line}: {e.Message}", e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or NullReferenceException or IndexOutOfRangeException)
        {
            // The library fails this way on some text that is no YAML.
            throw unreadable.With($"The text is not YAML: {e.Message}", e);
        }
    }

    /// <summary>
    /// Walks over the text before a tree is made of it: building and comparing nodes recurses, so depth is bounded here,
    /// and aliases, which could hold themselves, are refused.
    /// </summary>
    private void RequirePlain(string yaml)
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
                throw unreadable.With($"Line {current.Start.Line}: a {noun} is one document without aliases, at most {MaximumDepth} levels deep.");
            }
        }
    }

    /// <summary>Overwrites the fields that the text names. The record must be fresh: it is changed.</summary>
    public void Apply(object section, YamlMappingNode node, string prefix = "")
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
                throw unknownField.With($"Line {keyNode.Start.Line}: \"{path}\" is not a {noun} field; known here: {string.Join(", ", properties.Keys)}.");
            }

            if (PlanFields.IsSection(property))
            {
                if (value is not YamlMappingNode mapping)
                {
                    throw outOfRange.With($"Line {value.Start.Line}: \"{path}\" is a section and needs indented fields below it.");
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

    /// <summary>Another backbone than the one there was gets its published widths and depths unless the section <c>network</c> names its own.</summary>
    public static NetworkPlan WithPublishedShape(NetworkPlan network, string before, YamlMappingNode root)
    {
        if (network.Backbone == before || !root.Children.TryGetValue(new YamlScalarNode("network"), out var node) || node is not YamlMappingNode named)
        {
            return network;
        }

        bool Names(string field) => named.Children.ContainsKey(new YamlScalarNode(field));
        return network with
        {
            Widths = Names("widths") ? network.Widths : Backbones.PublishedWidths(network.Backbone),
            Depths = Names("depths") ? network.Depths : Backbones.PublishedDepths(network.Backbone),
        };
    }

    private object Convert(PropertyInfo property, YamlNode node, string path)
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
                var other => throw outOfRange.With($"Line {node.Start.Line}: {path} is \"{other}\"; it must be true or false."),
            };
        }

        return Number(node, path, rule, type);
    }

    private IReadOnlyList<YamlNode> Items(YamlNode node, string path, PlanFieldAttribute rule)
    {
        if (node is not YamlSequenceNode list)
        {
            throw outOfRange.With($"Line {node.Start.Line}: {path} must be a list, for example [1, 2, 3].");
        }

        if (rule.Items > 0 && list.Children.Count != rule.Items)
        {
            throw outOfRange.With($"Line {node.Start.Line}: {path} has {list.Children.Count} items; it must have {rule.Items}.");
        }

        return [.. list.Children];
    }

    private object Number(YamlNode node, string path, PlanFieldAttribute rule, Type type)
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
            throw outOfRange.With(string.Create(CultureInfo.InvariantCulture,
                $"Line {node.Start.Line}: {path} is \"{text}\"; it must be {kind} in {rule.Minimum:R}..{rule.Maximum:R}{(rule.Unit.Length > 0 ? " " + rule.Unit : "")}."));
        }

        return value;
    }

    /// <summary>A text field, one of its allowed words.</summary>
    public string Word(YamlNode node, string path, PlanFieldAttribute rule)
    {
        var text = Scalar(node, path);
        if (rule.OneOf.Length > 0 && !rule.OneOf.Contains(text, StringComparer.Ordinal))
        {
            throw outOfRange.With($"Line {node.Start.Line}: {path} is \"{text}\"; it must be one of {string.Join(", ", rule.OneOf)}.");
        }

        return text;
    }

    private string Scalar(YamlNode node, string path) => node is YamlScalarNode { Value: { } value }
        ? value
        : throw outOfRange.With($"Line {node.Start.Line}: {path} must be a single value.");
}
