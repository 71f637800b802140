namespace BrainMVP.Federated.Training.Data;

/// <summary>One prepared case: co-registered volumes scaled to 0..1.</summary>
public sealed record TrainingCase
{
    public required string Subject { get; init; }

    /// <summary>Canonical modality names.</summary>
    public required IReadOnlyList<string> Modalities { get; init; }

    /// <summary>Voxels along R, A, S.</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>Canvas coordinates of the first voxel; may be negative.</summary>
    public required IReadOnlyList<int> CanvasOffset { get; init; }

    /// <summary>Names the bytes of the case; a checkpoint made with other data is refused. May be empty.</summary>
    public string Content { get; init; } = "";

    /// <summary>The volume of one of the modalities, C-order [R, A, S] of <see cref="Shape"/>. May read a file.</summary>
    public required Func<string, ReadOnlyMemory<float>> Volume { get; init; }
}
