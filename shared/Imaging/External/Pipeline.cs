using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>What a step is for; it decides how often the step runs and what becomes of its output.</summary>
public enum StepKind
{
    /// <summary>Once a series that is a DICOM folder: the output image takes its place.</summary>
    Convert,

    /// <summary>Once a series: the output image, on the same grid, takes its place. For example a bias field correction.</summary>
    Command,

    /// <summary>Once a series other than the reference: finds where it lies in the reference.</summary>
    Register,

    /// <summary>Once a case: finds the brain in the reference.</summary>
    Strip,

    /// <summary>Once a case: finds where the reference lies in the atlas.</summary>
    Atlas,
}

/// <summary>What a step's output file is.</summary>
public enum StepResult
{
    /// <summary>A volume.</summary>
    Image,

    /// <summary>A volume of 0 and 1.</summary>
    Mask,

    /// <summary>A rigid or affine transform from the points of the fixed image to those of the moving image.</summary>
    Transform,
}

/// <summary>One step of a pipeline: a program, its arguments, and what must come out of it.</summary>
public sealed record PipelineStep
{
    /// <summary>Name of its folder, its messages and its records; unique in the pipeline.</summary>
    public required string Name { get; init; }

    public required StepKind Kind { get; init; }

    public required ProgramRequirement Program { get; init; }

    /// <summary>One template an argument; nothing splits what a placeholder stands for.</summary>
    public required IReadOnlyList<ArgumentTemplate> Arguments { get; init; }

    /// <summary>File that the program must write, relative to the step's folder.</summary>
    public required string Output { get; init; }

    public required StepResult Gives { get; init; }

    /// <summary>Longest time of one run.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>Least and greatest per cent of voxels above 0 in an output image or mask; null for no such check.</summary>
    public (double Least, double Greatest)? NonZeroPercent { get; init; }

    /// <summary>Series that a command or a registration runs for; null for all.</summary>
    public IReadOnlyList<string>? Modalities { get; init; }

    /// <summary>Strip only: the mask is coarse and follows the images' intensities afterwards (<see cref="BrainMaskRefinement"/>).</summary>
    public bool Refine { get; init; }
}

/// <summary>External steps from a case's files to its volumes, in order. Without steps the data is already co-registered.</summary>
public sealed record Pipeline
{
    /// <summary>Built-in name, or the file's path.</summary>
    public required string Name { get; init; }

    /// <summary>The series that the others are registered to is the first of these that a case has.</summary>
    public IReadOnlyList<string> Reference { get; init; } = [Contracts.Identity.Modalities.T1, Contracts.Identity.Modalities.T1c, Contracts.Identity.Modalities.Flair, Contracts.Identity.Modalities.T2];

    /// <summary>What {threads} stands for; 1 to 256.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>Least Dice of a registered series' foreground with that of the reference.</summary>
    public double MinimumOverlap { get; init; } = 0.9;

    /// <summary>T1-weighted whole head on the atlas grid; null for the one made from the phantom.</summary>
    public string? AtlasImage { get; init; }

    /// <summary>Its brain mask; given exactly when the image is.</summary>
    public string? AtlasMask { get; init; }

    /// <summary>The atlas without skull; image times mask when null.</summary>
    public string? AtlasBrain { get; init; }

    /// <summary>What {pipeline} stands for: the folder of the pipeline file; null for a built-in one.</summary>
    public string? Folder { get; init; }

    public IReadOnlyList<PipelineStep> Steps { get; init; } = [];

    /// <summary>The series of a case that the others are registered to.</summary>
    /// <param name="modalities">Those of the case, at least one.</param>
    public string ReferenceOf(IReadOnlyCollection<string> modalities) =>
        Reference.FirstOrDefault(modalities.Contains) ?? modalities.MinBy(Contracts.Identity.Modalities.IndexOf)!;

    /// <summary>True when a step of a kind is there.</summary>
    public bool Has(StepKind kind) => Steps.Any(s => s.Kind == kind);
}
