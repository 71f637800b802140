namespace BrainMVP.Federated.Imaging.External;

/// <summary>What may stand in braces in an argument of a step.</summary>
internal static class Placeholders
{
    /// <summary>The series or, in strip and atlas steps, the reference.</summary>
    public const string In = "in";

    /// <summary>The reference.</summary>
    public const string Ref = "ref";

    /// <summary>Brain mask on the reference's grid; after the strip step.</summary>
    public const string Mask = "mask";

    /// <summary>The reference without skull; after the strip step.</summary>
    public const string Brain = "brain";

    /// <summary>Full path of the expected output.</summary>
    public const string Out = "out";

    /// <summary>The step's own folder.</summary>
    public const string Folder = "folder";

    /// <summary>The case's name, without characters that a file name cannot have.</summary>
    public const string Case = "case";

    /// <summary>Canonical modality of the series.</summary>
    public const string Modality = "modality";

    public const string Threads = "threads";

    public const string AtlasImage = "atlasImage";

    public const string AtlasMask = "atlasMask";

    public const string AtlasBrain = "atlasBrain";

    /// <summary>Folder with the parameter files that come with the program.</summary>
    public const string Parameters = "parameters";

    /// <summary>Folder of the pipeline file.</summary>
    public const string Pipeline = "pipeline";

    /// <summary>Those that stand for a file whose bytes decide whether a step must run again.</summary>
    public static IReadOnlyCollection<string> Files { get; } = [In, Ref, Mask, Brain, AtlasImage, AtlasMask, AtlasBrain];

    /// <summary>Those that stand for a name that decides whether a step must run again.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [Case, Modality];

    /// <summary>Placeholders of a step.</summary>
    /// <param name="kind">The step's kind.</param>
    /// <param name="afterStrip">A strip step stands before it.</param>
    /// <param name="inFile">The pipeline is read from a file.</param>
    public static IReadOnlyList<string> Of(StepKind kind, bool afterStrip, bool inFile)
    {
        List<string> known = [In, Out, Folder, Case, Modality, Threads, Parameters];
        if (kind != StepKind.Convert)
        {
            known.AddRange([Ref, AtlasImage, AtlasMask, AtlasBrain]);
        }

        if (afterStrip)
        {
            known.AddRange([Mask, Brain]);
        }

        if (inFile)
        {
            known.Add(Pipeline);
        }

        return known;
    }
}
