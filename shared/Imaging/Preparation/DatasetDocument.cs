using System.Text.Json.Serialization;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>Content of dataset.json in a folder of prepared cases.</summary>
public sealed record DatasetDocument
{
    public required int TransformVersion { get; init; }

    /// <summary>SHA-256 of the transform version and the plan's fields that the cases depend on.</summary>
    public required string ImagingHash { get; init; }

    /// <summary>Usable cases in ordinal order of names.</summary>
    public required IReadOnlyList<PreparedEntry> Cases { get; init; }

    /// <summary>Left-out cases in ordinal order of names.</summary>
    public required IReadOnlyList<SkippedEntry> Skipped { get; init; }
}

/// <param name="Subject">Whose case it is; several cases may be of one subject.</param>
/// <param name="File">Name inside the folder.</param>
/// <param name="Content">Names the voxels: <see cref="CaseFile.Content"/>.</param>
/// <param name="Shape">Voxels along R, A, S.</param>
/// <param name="Notes">For example that volumes were resampled.</param>
public sealed record PreparedEntry(string Subject, IReadOnlyList<string> Modalities, string File, string Content, IReadOnlyList<int> Shape, IReadOnlyList<string> Notes)
{
    /// <summary>Examination of a subject that has several; empty otherwise.</summary>
    public string Session { get; init; } = "";

    /// <summary>Class of the case for classification; empty without one.</summary>
    public string Class { get; init; } = "";

    /// <summary>True when the case has a label map; the label map itself is not prepared.</summary>
    public bool HasSegmentation { get; init; }

    /// <summary>Subject and session, unique in a data set.</summary>
    [JsonIgnore]
    public string Name => Session.Length == 0 ? Subject : $"{Subject}_{Session}";
}

/// <param name="Subject">Name of the case: subject, and session where there are several.</param>
/// <param name="Error">For example BMF-1107.</param>
public sealed record SkippedEntry(string Subject, string Error, string Detail);

/// <param name="Done">Cases finished, usable or not.</param>
/// <param name="Subject">Name of the case.</param>
/// <param name="Outcome">"prepared", "cached", "reused" from another folder, or the number of the error.</param>
public sealed record PreparationProgress(int Done, int Total, string Subject, string Outcome);
