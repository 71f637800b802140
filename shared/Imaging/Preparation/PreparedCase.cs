using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>One subject ready for training: oriented, resampled, cropped, scaled.</summary>
/// <param name="Subject">Name from the data folder; never leaves the site.</param>
/// <param name="Modalities">Canonical names in canonical order.</param>
/// <param name="Shape">Voxels along R, A, S, the same for all modalities.</param>
/// <param name="Channels">One volume [I, J, K] a modality, C order, 0..1.</param>
/// <param name="Notes">What the reader of a report should know, for example that volumes were resampled.</param>
public sealed record PreparedCase(
    string Subject, IReadOnlyList<string> Modalities, VolumeShape Shape, IReadOnlyList<float[]> Channels, IReadOnlyList<string> Notes)
{
    /// <summary>Where the voxels lie in the world; the identity for a case that was read back from its file.</summary>
    public Affine Affine { get; init; } = Affine.Identity;

    /// <summary>The series that gave the grid, as it is in its file; null for a case that was read back.</summary>
    public Volume? Reference { get; init; }

    /// <summary>
    /// Canvas voxel of this case's voxel (0, 0, 0): ⌊(canvas − shape) / 2⌋ per axis. Negative along an axis where the
    /// case is larger than the canvas; crops that reach over are clipped by whoever cuts them.
    /// </summary>
    public (int I, int J, int K) CanvasOffset(IReadOnlyList<int> canvas) => OffsetOf(Shape, canvas);

    /// <inheritdoc cref="CanvasOffset"/>
    public static (int I, int J, int K) OffsetOf(VolumeShape shape, IReadOnlyList<int> canvas) =>
        (Half(canvas[0] - shape.I), Half(canvas[1] - shape.J), Half(canvas[2] - shape.K));

    // An arithmetic shift rounds towards minus infinity; division would round -3/2 up to -1.
    private static int Half(int difference) => difference >> 1;
}
