using System.Reflection;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>Pipelines and parameter files that come with the program.</summary>
public static class BuiltInPipelines
{
    /// <summary>The data is already co-registered, stripped and on one grid.</summary>
    public const string None = "none";

    public const string Elastix = "elastix";

    private const string Prefix = "BrainMVP.Federated.Imaging.External.Resources.";

    private static readonly Assembly Here = typeof(BuiltInPipelines).Assembly;

    /// <summary>Usable by name, and printed as examples.</summary>
    public static IReadOnlyList<string> Names { get; } = [None, Elastix, "ants", "hd-bet", "synthstrip"];

    /// <summary>The commented YAML of a pipeline; null for an unknown name.</summary>
    public static string? Text(string name) => Names.Contains(name, StringComparer.Ordinal) ? ReadResource($"{name}.yaml") : null;

    /// <summary>Writes the parameter files that {parameters} stands for, and answers their folder.</summary>
    internal static string WriteParameters(string folder)
    {
        foreach (var name in (string[])["rigid.txt", "affine.txt"])
        {
            var (path, text) = (Path.Combine(folder, name), ReadResource(name));
            if (!File.Exists(path) || File.ReadAllText(path) != text)
            {
                DurableFile.WriteAllText(path, text);
            }
        }

        return folder;
    }

    private static string ReadResource(string name)
    {
        using var reader = new StreamReader(Here.GetManifestResourceStream(Prefix + name)!);
        return reader.ReadToEnd();
    }
}
