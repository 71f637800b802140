namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>Content of quality.json: what a data set holds and whether training can use it.</summary>
public sealed record QualityReport
{
    /// <summary>Cases in ordinal order of their names.</summary>
    public required IReadOnlyList<CaseQuality> Cases { get; init; }

    public required QualitySummary Summary { get; init; }
}

/// <summary>Counts over all cases, and what they were judged by.</summary>
public sealed record QualitySummary
{
    public required int Cases { get; init; }

    public required int Usable { get; init; }

    /// <summary>Usable cases by modality, canonical order lost as in any JSON object.</summary>
    public required IReadOnlyDictionary<string, int> UsableByModality { get; init; }

    /// <summary>Excluded cases by the number of their first reason.</summary>
    public required IReadOnlyDictionary<string, int> ExcludedByReason { get; init; }

    /// <summary>The plan's least Dice.</summary>
    public required double MinimumOverlap { get; init; }

    /// <summary>The plan's voxel size.</summary>
    public required double SpacingMm { get; init; }

    /// <summary>The plan's canvas, voxels along R, A, S.</summary>
    public required IReadOnlyList<int> Canvas { get; init; }

    /// <summary>Files that were found but not used, because their names say no known modality.</summary>
    public required int IgnoredFiles { get; init; }
}

/// <summary>One case.</summary>
public sealed record CaseQuality
{
    /// <summary>As the input names it.</summary>
    public required string Subject { get; init; }

    /// <summary>Examination; empty for a subject with one.</summary>
    public string Session { get; init; } = "";

    /// <summary>Whether training would use the case.</summary>
    public required bool Usable { get; init; }

    /// <summary>Why it cannot be used; empty when it can.</summary>
    public required IReadOnlyList<QualityReason> Reasons { get; init; }

    /// <summary>What does not exclude the case but should be known.</summary>
    public IReadOnlyList<QualityWarning> Warnings { get; init; } = [];

    /// <summary>Series that the others were compared with; empty when none could be read.</summary>
    public string Reference { get; init; } = "";

    /// <summary>By canonical modality, also those that could not be read.</summary>
    public IReadOnlyDictionary<string, ModalityMeasures> Modalities { get; init; } = new Dictionary<string, ModalityMeasures>();

    /// <summary>One for each series that was compared with the reference.</summary>
    public IReadOnlyList<AlignmentMeasures> Alignment { get; init; } = [];

    /// <summary>Size against the template canvas; null when the case could not be prepared.</summary>
    public CanvasFit? Canvas { get; init; }

    /// <summary>Subject and session in one.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Name => Session.Length == 0 ? Subject : $"{Subject}_{Session}";
}

/// <summary>Why a case cannot be used.</summary>
/// <param name="Code">Number of the error, for example BMF-1107.</param>
/// <param name="Text">What is wrong, with the numbers.</param>
/// <param name="Remedy">What to do.</param>
public sealed record QualityReason(string Code, string Text, string Remedy);

/// <summary>What does not exclude a case but should be known.</summary>
/// <param name="Code">
/// not stripped, foregrounds differ, slightly off, resampled, beyond canvas, header, low contrast or one modality.
/// </param>
/// <param name="Text">A sentence with the numbers.</param>
public sealed record QualityWarning(string Code, string Text);

/// <summary>Size of the prepared foreground, voxels along R, A, S.</summary>
/// <param name="Shape">After cropping.</param>
/// <param name="Beyond">Voxels by which it is larger than the canvas, 0 where it fits.</param>
public sealed record CanvasFit(IReadOnlyList<int> Shape, IReadOnlyList<int> Beyond);

/// <summary>What was measured on one series in its own file. Members are missing when the file could not be read so far.</summary>
public sealed record ModalityMeasures
{
    /// <summary>Path, relative to the data folder where it lies inside.</summary>
    public required string File { get; init; }

    /// <summary>0-based volume of a file that holds several.</summary>
    public int? Volume { get; init; }

    /// <summary>Voxels along the file's axes.</summary>
    public IReadOnlyList<int>? Shape { get; init; }

    /// <summary>Voxel size along the file's axes, mm.</summary>
    public IReadOnlyList<double>? SpacingMm { get; init; }

    /// <summary>Directions that the file's axes run to, for example RAS.</summary>
    public string? Orientation { get; init; }

    /// <summary>Type in the file, for example int16.</summary>
    public string? VoxelType { get; init; }

    /// <summary>reference, same (as the reference) or resampled.</summary>
    public string? Grid { get; init; }

    /// <summary>Smallest finite value.</summary>
    public double? Minimum { get; init; }

    /// <summary>1st percentile of the finite values.</summary>
    public double? Percentile1 { get; init; }

    /// <summary>99th percentile of the finite values.</summary>
    public double? Percentile99 { get; init; }

    /// <summary>Largest finite value.</summary>
    public double? Maximum { get; init; }

    /// <summary>Voxels that are NaN or infinite.</summary>
    public long? NotFinite { get; init; }

    /// <summary>Part of the voxels that are not 0, 0..1.</summary>
    public double? NonZero { get; init; }

    /// <summary>(p90 − p10) / (p90 + p10) of the foreground.</summary>
    public double? Contrast { get; init; }

    /// <summary>Brain alone.</summary>
    public bool? SkullStripped { get; init; }

    /// <summary>What <see cref="SkullStripped"/> was concluded from.</summary>
    public SkullTest? Stripping { get; init; }

    /// <summary>What is odd in the header.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>How one series lies on the reference.</summary>
/// <param name="Dice">Overlap of the foregrounds, 0..1.</param>
/// <param name="Nmi">Normalised mutual information over both foregrounds at full resolution, 1..2.</param>
/// <param name="CoarseNmi">The same with a margin at 4 mm, where the position was searched.</param>
/// <param name="CoarseNmiBest">At the best position found.</param>
/// <param name="DisplacementMm">Mean distance to that position.</param>
/// <param name="OffsetMm">Its translation along R, A, S.</param>
/// <param name="RotationDegrees">Its rotation.</param>
/// <param name="Gain">Relative growth of the information above 1.</param>
/// <param name="Sharpness">Information above 1 here against 8 mm away.</param>
/// <param name="Aligned">The verdict.</param>
public sealed record AlignmentMeasures(
    string Modality, string Reference, bool Resampled, double Dice, double Nmi, double CoarseNmi, double CoarseNmiBest, double DisplacementMm,
    IReadOnlyList<double> OffsetMm, double RotationDegrees, double Gain, double Sharpness, bool Aligned);
