namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>Content of dataset.json in a folder of prepared cases.</summary>
public sealed record DatasetDocument
{
    public required int TransformVersion { get; init; }

    /// <summary>SHA-256 of the canonical JSON of the plan's imaging part.</summary>
    public required string ImagingHash { get; init; }

    /// <summary>Usable cases in ordinal order of subjects.</summary>
    public required IReadOnlyList<PreparedEntry> Cases { get; init; }

    /// <summary>Left-out cases in ordinal order of subjects.</summary>
    public required IReadOnlyList<SkippedEntry> Skipped { get; init; }
}

/// <param name="File">Name inside the folder.</param>
/// <param name="Content">SHA-256 of the file's bytes.</param>
/// <param name="Shape">Voxels along R, A, S.</param>
/// <param name="Notes">For example that volumes were resampled.</param>
public sealed record PreparedEntry(string Subject, IReadOnlyList<string> Modalities, string File, string Content, IReadOnlyList<int> Shape, IReadOnlyList<string> Notes);

/// <param name="Error">For example BMF-1107.</param>
public sealed record SkippedEntry(string Subject, string Error, string Detail);

/// <param name="Done">Cases finished, usable or not.</param>
/// <param name="Outcome">"prepared", "cached" or the number of the error.</param>
public sealed record PreparationProgress(int Done, int Total, string Subject, string Outcome);
