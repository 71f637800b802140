using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace BrainMVP.Federated.SiteAgent.Hosting;

/// <summary>A flat YAML file of known fields. Every complaint names the field and the line.</summary>
public sealed class YamlFields
{
    private const int MaximumLength = 256 * 1024;

    private readonly Dictionary<string, YamlNode> _fields = new(StringComparer.Ordinal);
    private readonly ErrorCode _error;
    private readonly string _path;

    private YamlFields(string path, ErrorCode error)
    {
        _path = path;
        _error = error;
    }

    /// <param name="path">File to read.</param>
    /// <param name="known">Names of the fields that may occur.</param>
    /// <param name="error">Error of every complaint.</param>
    public static YamlFields Read(string path, IReadOnlyCollection<string> known, ErrorCode error)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw error.With($"{path}: {e.Message}", e);
        }

        return Parse(text, path, known, error);
    }

    public static YamlFields Parse(string text, string path, IReadOnlyCollection<string> known, ErrorCode error)
    {
        var fields = new YamlFields(path, error);
        var stream = new YamlStream();
        try
        {
            if (text.Length > MaximumLength)
            {
                throw error.With($"{path} is longer than {MaximumLength} characters.");
            }

            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw error.With($"{path}, line {e.Start.Line}: {e.Message}", e);
        }

        if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is YamlScalarNode { Value: null or "" })
        {
            return fields;
        }

        if (stream.Documents[0].RootNode is not YamlMappingNode mapping)
        {
            throw error.With($"{path}, line {stream.Documents[0].RootNode.Start.Line}: expected \"field: value\" lines.");
        }

        foreach (var (key, value) in mapping.Children)
        {
            var name = (key as YamlScalarNode)?.Value ?? "?";
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                throw error.With($"{path}, line {key.Start.Line}: \"{name}\" is not a field here; known are {string.Join(", ", known)}.");
            }

            fields._fields.Add(name, value);
        }

        return fields;
    }

    public string? Text(string name) => _fields.TryGetValue(name, out var node) ? Scalar(node, name) : null;

    public bool Flag(string name, bool otherwise) => Text(name) switch
    {
        null => otherwise,
        "true" => true,
        "false" => false,
        var other => throw Fault(name, $"\"{other}\" must be true or false"),
    };

    public int Number(string name, int otherwise, int minimum, int maximum)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= minimum && value <= maximum
            ? value
            : throw Fault(name, $"\"{text}\" must be a whole number from {minimum} to {maximum}");
    }

    /// <summary>A list of words; null when the field is absent.</summary>
    public IReadOnlyList<string>? Words(string name) => !_fields.TryGetValue(name, out var node)
        ? null
        : node is YamlSequenceNode list ? [.. list.Children.Select(c => Scalar(c, name))] : throw Fault(name, "must be a list, for example [a, b]");

    public FederationException Fault(string name, string why) => _error.With($"{_path}, line {_fields[name].Start.Line}: {name}: {why}.");

    private string Scalar(YamlNode node, string name) =>
        node is YamlScalarNode { Value: { } text } ? text : throw _error.With($"{_path}, line {node.Start.Line}: {name} must be one value.");
}
