namespace BrainMVP.Federated.Imaging.Volumes;

/// <summary>
/// One scalar image: float voxels [I, J, K] in C order, index <c>(i·J + j)·K + k</c> with i along the file's first
/// axis, and the affine that places voxel centres in the world (R, A, S millimetres).
/// </summary>
public sealed class Volume
{
    /// <exception cref="ArgumentException">The number of voxels is not that of the shape.</exception>
    public Volume(VolumeShape shape, Affine affine, float[] voxels)
    {
        if (voxels.Length != shape.Count)
        {
            throw new ArgumentException($"{voxels.Length} voxels do not fill {shape}.", nameof(voxels));
        }

        Shape = shape;
        Affine = affine;
        Voxels = voxels;
    }

    public VolumeShape Shape { get; }

    public Affine Affine { get; }

    /// <summary>The voxels themselves, not a copy.</summary>
    public float[] Voxels { get; }

    public float this[int i, int j, int k] => Voxels[Index(i, j, k)];

    public int Index(int i, int j, int k) => (((i * Shape.J) + j) * Shape.K) + k;

    /// <summary>Copies a box; the affine moves with it.</summary>
    public Volume Crop(VoxelBox box)
    {
        if (box == new VoxelBox(0, 0, 0, Shape.I, Shape.J, Shape.K))
        {
            return this;
        }

        var shape = box.Shape;
        var voxels = GC.AllocateUninitializedArray<float>(checked((int)shape.Count));
        var next = 0;
        for (var i = box.I0; i < box.I1; i++)
        {
            for (var j = box.J0; j < box.J1; j++)
            {
                Voxels.AsSpan(Index(i, j, box.K0), shape.K).CopyTo(voxels.AsSpan(next));
                next += shape.K;
            }
        }

        return new Volume(shape, Affine.MovedTo(box.I0, box.J0, box.K0), voxels);
    }

    /// <summary>True when both have the same shape and, within rounding of float headers, the same affine.</summary>
    public bool SharesGridWith(Volume other) => Shape == other.Shape && Affine.IsClose(other.Affine, 1e-3);
}
