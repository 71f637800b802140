using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>A map of fields in a YAML file; every complaint is BMF-1117 with the file, the line and the field.</summary>
internal sealed class YamlFile
{
    /// <summary>Longest file, in characters.</summary>
    public const int MaximumLength = 256 * 1024;

    private const int MaximumDepth = 8;

    private readonly Dictionary<string, YamlNode> _fields = new(StringComparer.Ordinal);
    private readonly string _path;
    private readonly YamlNode? _node;

    private YamlFile(string path, YamlNode? node)
    {
        _path = path;
        _node = node;
    }

    public static YamlFile Read(string text, string path)
    {
        var stream = new YamlStream();
        try
        {
            if (text.Length > MaximumLength)
            {
                throw ErrorCatalogue.PipelineInvalid.With($"{path} is longer than {MaximumLength} characters.");
            }

            Check(text, path);
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw ErrorCatalogue.PipelineInvalid.With($"{path}, line {e.Start.Line}: {e.Message}", e);
        }

        var root = stream.Documents.Count == 0 ? null : stream.Documents[0].RootNode;
        return root is null or YamlScalarNode { Value: null or "" } ? new YamlFile(path, null) : Map(path, root);
    }

    /// <summary>Refuses fields that are not in a list.</summary>
    public YamlFile Known(IReadOnlyCollection<string> names)
    {
        foreach (var key in _node is YamlMappingNode mapping ? mapping.Children.Keys : [])
        {
            var name = (key as YamlScalarNode)?.Value ?? "?";
            if (!names.Contains(name))
            {
                throw At(key, $"\"{name}\" is not a field here; known are {string.Join(", ", names)}");
            }
        }

        return this;
    }

    public string? Text(string name) => _fields.TryGetValue(name, out var node) ? Scalar(node, name) : null;

    public string Required(string name) => Text(name) is { Length: > 0 } text ? text : throw Missing(name);

    public bool Flag(string name, bool otherwise, bool allowed) => Text(name) switch
    {
        null => otherwise,
        _ when !allowed => throw Fault(name, "has no meaning in a step of this kind"),
        "true" => true,
        "false" => false,
        var other => throw Fault(name, $"\"{other}\" must be true or false"),
    };

    public double Number(string name, double otherwise, double least, double greatest, bool whole = false)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= greatest && (!whole || value == Math.Floor(value))
            ? value
            : throw Fault(name, FormattableString.Invariant($"\"{text}\" must be a {(whole ? "whole " : "")}number from {least} to {greatest}"));
    }

    /// <summary>A list of words; null when the field is absent.</summary>
    public IReadOnlyList<string>? Words(string name) => !_fields.TryGetValue(name, out var node)
        ? null
        : node is YamlSequenceNode list ? [.. list.Children.Select(c => Scalar(c, name))] : throw Fault(name, "must be a list, for example [a, b]");

    /// <summary>A list of maps; empty when the field is absent.</summary>
    public IEnumerable<YamlFile> Maps(string name)
    {
        if (!_fields.TryGetValue(name, out var node) || node is YamlScalarNode { Value: null or "" })
        {
            return [];
        }

        return node is YamlSequenceNode list ? list.Children.Select(c => Map(_path, c)) : throw Fault(name, "must be a list of steps, each beginning with \"- name: ...\"");
    }

    /// <param name="name">A field that is there.</param>
    /// <param name="why">What is wrong with it.</param>
    /// <param name="index">Entry of a list field, whose line is named then.</param>
    public FederationException Fault(string name, string why, int? index = null)
    {
        var node = _fields[name];
        return At(index is { } n && node is YamlSequenceNode list ? list.Children[n] : node, $"{name}: {why}");
    }

    public FederationException Missing(string name) =>
        _fields.ContainsKey(name) ? Fault(name, "is empty") : ErrorCatalogue.PipelineInvalid.With($"{_path}, line {_node?.Start.Line ?? 1}: {name} is missing.");

    private static YamlFile Map(string path, YamlNode node)
    {
        var file = new YamlFile(path, node);
        if (node is not YamlMappingNode mapping)
        {
            throw file.At(node, "expected \"field: value\" lines");
        }

        foreach (var (key, value) in mapping.Children)
        {
            file._fields[(key as YamlScalarNode)?.Value ?? "?"] = value;
        }

        return file;
    }

    /// <summary>Aliases multiply, and depth costs stack; neither has a use here.</summary>
    private static void Check(string text, string path)
    {
        var parser = new Parser(new StringReader(text));
        int depth = 0, documents = 0;
        while (parser.MoveNext())
        {
            var current = parser.Current!;
            depth += current.NestingIncrease;
            documents += current is DocumentStart ? 1 : 0;
            if (depth > MaximumDepth || documents > 1 || current is AnchorAlias)
            {
                throw ErrorCatalogue.PipelineInvalid.With($"{path}, line {current.Start.Line}: a pipeline is one document without aliases, at most {MaximumDepth} levels deep.");
            }
        }
    }

    private string Scalar(YamlNode node, string name) => node is YamlScalarNode { Value: { } text } ? text : throw At(node, $"{name} must be one value");

    private FederationException At(YamlNode node, string why) => ErrorCatalogue.PipelineInvalid.With($"{_path}, line {node.Start.Line}: {why}.");
}
