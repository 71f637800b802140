using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>Reads a pipeline from YAML. Every complaint names the field and the line.</summary>
public static class PipelineReader
{
    private const int MostSteps = 32;
    private const int MostArguments = 256;
    private const int LongestName = 40;
    private const int LongestTimeoutSeconds = 7 * 24 * 3600;

    private static readonly string[] Fields = ["reference", "threads", "minimumOverlap", "atlasImage", "atlasMask", "atlasBrain", "steps"];

    private static readonly string[] StepFields =
        ["name", "kind", "program", "arguments", "output", "gives", "timeout", "nonZeroPercent", "modalities", "refine", "versionArgument", "versionPattern", "minimumVersion"];

    /// <summary>Reads a built-in pipeline by name, or a file.</summary>
    /// <exception cref="FederationException">BMF-1117.</exception>
    public static Pipeline Find(string nameOrPath) => BuiltInPipelines.Text(nameOrPath) is { } text && !File.Exists(nameOrPath) ? Read(text, nameOrPath, null) : ReadFile(nameOrPath);

    /// <exception cref="FederationException">BMF-1117.</exception>
    public static Pipeline ReadFile(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > YamlFile.MaximumLength })
            {
                throw ErrorCatalogue.PipelineInvalid.With($"{path} is larger than {YamlFile.MaximumLength} bytes.");
            }

            var full = Path.GetFullPath(path);
            return Read(File.ReadAllText(full), path, Path.GetDirectoryName(full)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.PipelineInvalid.With($"{path}: {e.Message} Built in are {string.Join(", ", BuiltInPipelines.Names)}.", e);
        }
    }

    /// <param name="text">YAML.</param>
    /// <param name="name">Name of the pipeline in messages and reports.</param>
    /// <param name="folder">Where relative paths start and what {pipeline} stands for; null without a file.</param>
    /// <exception cref="FederationException">BMF-1117.</exception>
    public static Pipeline Read(string text, string name, string? folder)
    {
        var fields = YamlFile.Read(text, name).Known(Fields);
        var nothing = new Pipeline { Name = name };
        var pipeline = nothing with
        {
            Folder = folder,
            Reference = fields.Words("reference") is { Count: > 0 } words ? [.. words.Select(w => Modality(fields, "reference", w))] : nothing.Reference,
            Threads = (int)fields.Number("threads", nothing.Threads, 1, 256, whole: true),
            MinimumOverlap = fields.Number("minimumOverlap", nothing.MinimumOverlap, 0, 1),
            AtlasImage = Atlas(fields, "atlasImage", folder),
            AtlasMask = Atlas(fields, "atlasMask", folder),
            AtlasBrain = Atlas(fields, "atlasBrain", folder),
        };
        if ((pipeline.AtlasImage is null) != (pipeline.AtlasMask is null) || (pipeline.AtlasBrain is not null && pipeline.AtlasImage is null))
        {
            throw fields.Fault(pipeline.AtlasImage is not null ? "atlasImage" : pipeline.AtlasMask is not null ? "atlasMask" : "atlasBrain", "atlasImage and atlasMask belong together; atlasBrain may be added");
        }

        var steps = new List<PipelineStep>();
        foreach (var node in fields.Maps("steps"))
        {
            if (steps.Count == MostSteps)
            {
                throw fields.Fault("steps", $"more than {MostSteps} steps");
            }

            var step = node.Known(StepFields);
            steps.Add(ReadStep(step, steps, folder));
        }

        return pipeline with { Steps = steps };
    }

    private static PipelineStep ReadStep(YamlFile fields, List<PipelineStep> before, string? folder)
    {
        var name = fields.Required("name");
        if (name.Length > LongestName || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')) || !char.IsAsciiLetterOrDigit(name[0]))
        {
            throw fields.Fault("name", $"\"{name}\" must be 1 to {LongestName} letters, digits, - or _");
        }

        if (before.Any(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase)))
        {
            throw fields.Fault("name", $"\"{name}\" is the name of an earlier step too");
        }

        var kind = Word<StepKind>(fields, "kind");
        CheckOrder(fields, kind, before);
        var gives = Gives(fields, kind);
        var afterStrip = before.Any(s => s.Kind == StepKind.Strip);
        var arguments = fields.Words("arguments") ?? throw fields.Missing("arguments");
        if (arguments.Count > MostArguments)
        {
            throw fields.Fault("arguments", $"more than {MostArguments} arguments");
        }

        var output = fields.Required("output");
        if (Path.IsPathRooted(output) || output.Split('/', '\\').Any(p => p is ".." or "") || output.Any(char.IsControl))
        {
            throw fields.Fault("output", $"\"{output}\" must be a file inside the step's folder");
        }

        return new PipelineStep
        {
            Name = name,
            Kind = kind,
            Program = Program(fields, folder),
            Arguments = [.. arguments.Select((text, n) => Template(fields, text, n, Placeholders.Of(kind, afterStrip, folder is not null)))],
            Output = output,
            Gives = gives,
            Timeout = TimeSpan.FromSeconds(fields.Number("timeout", 1200, 1, LongestTimeoutSeconds)),
            NonZeroPercent = NonZero(fields, kind, gives),
            Modalities = fields.Words("modalities") is { } list ? ForSeries(fields, kind, [.. list.Select(w => Modality(fields, "modalities", w))]) : null,
            Refine = fields.Flag("refine", kind == StepKind.Strip && gives == StepResult.Transform, allowed: kind == StepKind.Strip),
        };
    }

    private static IReadOnlyList<string> ForSeries(YamlFile fields, StepKind kind, IReadOnlyList<string> modalities) =>
        kind is StepKind.Command ? modalities : throw fields.Fault("modalities", "only a step of kind command may be limited to some series");

    /// <summary>Conversions come first, each of register, strip and atlas occurs once at most, and nothing changes a series after its place is known.</summary>
    private static void CheckOrder(YamlFile fields, StepKind kind, List<PipelineStep> before)
    {
        if (kind is not StepKind.Command && before.Any(s => s.Kind == kind))
        {
            throw fields.Fault("kind", $"there is an earlier {kind.ToString().ToLowerInvariant()} step");
        }

        if (kind == StepKind.Convert && before.Count > 0)
        {
            throw fields.Fault("kind", "a convert step must be the first");
        }

        if (kind == StepKind.Command && before.Any(s => s.Kind is StepKind.Register or StepKind.Strip or StepKind.Atlas))
        {
            throw fields.Fault("kind", "command steps must stand before register, strip and atlas steps");
        }

        if (kind is StepKind.Register or StepKind.Strip && before.Any(s => s.Kind == StepKind.Atlas))
        {
            throw fields.Fault("kind", $"a {kind.ToString().ToLowerInvariant()} step must stand before the atlas step");
        }
    }

    private static StepResult Gives(YamlFile fields, StepKind kind)
    {
        var gives = Word<StepResult>(fields, "gives");
        StepResult[] allowed = kind switch
        {
            StepKind.Convert or StepKind.Command => [StepResult.Image],
            StepKind.Register => [StepResult.Transform, StepResult.Image],
            StepKind.Strip => [StepResult.Mask, StepResult.Image, StepResult.Transform],
            _ => [StepResult.Transform],
        };
        return allowed.Contains(gives)
            ? gives
            : throw fields.Fault("gives", $"a {kind.ToString().ToLowerInvariant()} step gives {string.Join(" or ", allowed.Select(a => a.ToString().ToLowerInvariant()))}");
    }

    private static ProgramRequirement Program(YamlFile fields, string? folder)
    {
        var program = fields.Required("program");
        if (program.Contains('/', StringComparison.Ordinal) && !Path.IsPathRooted(program))
        {
            program = Path.GetFullPath(Path.Combine(folder ?? ".", program));
        }

        var known = KnownPrograms.For(program);
        var (argument, pattern, minimum) = (fields.Text("versionArgument"), fields.Text("versionPattern"), fields.Text("minimumVersion"));
        if ((argument is null) != (pattern is null))
        {
            throw fields.Fault(argument is null ? "versionPattern" : "versionArgument", "versionArgument and versionPattern belong together");
        }

        if (pattern is not null && !IsPattern(pattern))
        {
            throw fields.Fault("versionPattern", "must be a regular expression with a group around the version");
        }

        var least = known.Minimum;
        if (minimum is not null && !Version.TryParse(minimum.Contains('.', StringComparison.Ordinal) ? minimum : $"{minimum}.0", out least))
        {
            throw fields.Fault("minimumVersion", $"\"{minimum}\" is not a version such as 5.0.1");
        }

        known = known with { VersionArgument = argument ?? known.VersionArgument, VersionPattern = pattern ?? known.VersionPattern, Minimum = least };
        return minimum is null || known.VersionArgument is not null ? known : throw fields.Fault("minimumVersion", "needs versionArgument and versionPattern");
    }

    private static bool IsPattern(string pattern)
    {
        try
        {
            return new System.Text.RegularExpressions.Regex(pattern).GetGroupNumbers().Length > 1;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static ArgumentTemplate Template(YamlFile fields, string text, int index, IReadOnlyList<string> known)
    {
        try
        {
            return text.Contains('\0', StringComparison.Ordinal) ? throw new FormatException("an argument cannot hold a zero character") : ArgumentTemplate.Parse(text, known);
        }
        catch (FormatException e)
        {
            throw fields.Fault("arguments", e.Message, index);
        }
    }

    /// <summary>A brain fills 5 to 60 per cent of a field of view; a whole head may fill more.</summary>
    private static (double, double)? NonZero(YamlFile fields, StepKind kind, StepResult gives)
    {
        if (fields.Words("nonZeroPercent") is not { } words)
        {
            return gives == StepResult.Transform ? null : kind == StepKind.Strip ? (5, 60) : kind == StepKind.Register ? (5, 100) : (1, 100);
        }

        double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;
        return words.Count == 2 && Number(words[0]) is >= 0 and var least && Number(words[1]) is <= 100 and var greatest && least < greatest
            ? gives == StepResult.Transform ? throw fields.Fault("nonZeroPercent", "a transform has no voxels") : (least, greatest)
            : throw fields.Fault("nonZeroPercent", "must be two numbers from 0 to 100, the smaller first, for example [5, 60]");
    }

    private static string? Atlas(YamlFile fields, string name, string? folder)
    {
        if (fields.Text(name) is not { } text)
        {
            return null;
        }

        var path = Path.GetFullPath(Path.Combine(folder ?? ".", text));
        return File.Exists(path) ? path : throw fields.Fault(name, $"{path} does not exist");
    }

    private static string Modality(YamlFile fields, string field, string word) =>
        Modalities.IndexOf(word) >= 0 ? word : throw fields.Fault(field, $"\"{word}\" is not a modality; known are {string.Join(", ", Modalities.All)}");

    private static T Word<T>(YamlFile fields, string name)
        where T : struct, Enum
    {
        var (text, words) = (fields.Required(name), Enum.GetNames<T>().Select(n => n.ToLowerInvariant()).ToArray());
        return Array.IndexOf(words, text) is >= 0 and var at
            ? Enum.GetValues<T>()[at]
            : throw fields.Fault(name, $"\"{text}\" must be one of {string.Join(", ", words)}");
    }
}
