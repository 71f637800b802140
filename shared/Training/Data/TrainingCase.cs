namespace BrainMVP.Federated.Training.Data;

/// <summary>One prepared case in memory: co-registered volumes scaled to 0..1.</summary>
public sealed record TrainingCase
{
    public required string Subject { get; init; }

    /// <summary>Volumes by canonical modality name, C-order [R, A, S], all of <see cref="Shape"/>.</summary>
    public required IReadOnlyDictionary<string, ReadOnlyMemory<float>> Volumes { get; init; }

    /// <summary>Voxels along R, A, S.</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>Canvas coordinates of the first voxel; may be negative.</summary>
    public required IReadOnlyList<int> CanvasOffset { get; init; }
}
