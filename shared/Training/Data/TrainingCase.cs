namespace BrainMVP.Federated.Training.Data;

/// <summary>One prepared case: co-registered volumes scaled to 0..1.</summary>
public sealed record TrainingCase
{
    public required string Subject { get; init; }

    /// <summary>Examination of a subject that has several; empty otherwise.</summary>
    public string Session { get; init; } = "";

    /// <summary>Subject and session, unique in a data set.</summary>
    public string Name => Session.Length == 0 ? Subject : $"{Subject}_{Session}";

    /// <summary>Canonical modality names.</summary>
    public required IReadOnlyList<string> Modalities { get; init; }

    /// <summary>Voxels along R, A, S.</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>Canvas coordinates of the first voxel; may be negative.</summary>
    public required IReadOnlyList<int> CanvasOffset { get; init; }

    /// <summary>Names the bytes of the case; a checkpoint made with other data is refused. May be empty.</summary>
    public string Content { get; init; } = "";

    /// <summary>One of the modalities. Nothing is read before a crop is copied.</summary>
    public required Func<string, ICaseVolume> Volume { get; init; }
}
