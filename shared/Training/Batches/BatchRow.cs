namespace BrainMVP.Federated.Training.Batches;

/// <summary>What fills the masked voxels of view 2.</summary>
internal enum FillerKind
{
    /// <summary>The template of the target modality, as in view 1.</summary>
    OwnTemplate,

    /// <summary>Another modality of the same case.</summary>
    Volume,

    /// <summary>The global template of a modality that the case lacks, as a constant.</summary>
    OtherTemplate,
}

/// <summary>One sample of a micro-batch without its voxels.</summary>
/// <param name="Case">Subject and session.</param>
/// <param name="Modality">Target.</param>
/// <param name="Filler">Filler of view 2.</param>
/// <param name="FillerModality">Its modality.</param>
/// <param name="CanvasStart">Canvas coordinates of the crop's first voxel; may be negative.</param>
internal sealed record BatchRow(string Case, string Modality, FillerKind Filler, string FillerModality, IReadOnlyList<int> CanvasStart);
