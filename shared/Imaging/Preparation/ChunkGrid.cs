using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>A volume cut into boxes of one size from its first voxel on; the last box along an axis may be shorter.</summary>
/// <param name="Shape">Voxels of the volume.</param>
/// <param name="Side">Voxels of a full box.</param>
internal readonly record struct ChunkGrid(VolumeShape Shape, VolumeShape Side)
{
    /// <summary>Boxes along each axis.</summary>
    public VolumeShape Boxes => new(Divide(Shape.I, Side.I), Divide(Shape.J, Side.J), Divide(Shape.K, Side.K));

    /// <summary>Number of boxes.</summary>
    public long Count => Boxes.Count;

    /// <summary>Number of a box: C order, the last axis fastest.</summary>
    public int Index(int i, int j, int k) => (((i * Boxes.J) + j) * Boxes.K) + k;

    /// <summary>Voxels of the box at a place of the grid.</summary>
    public VoxelBox At(int i, int j, int k) => new(
        i * Side.I,
        j * Side.J,
        k * Side.K,
        (int)Math.Min((long)Shape.I, ((long)i + 1) * Side.I),
        (int)Math.Min((long)Shape.J, ((long)j + 1) * Side.J),
        (int)Math.Min((long)Shape.K, ((long)k + 1) * Side.K));

    /// <summary>Voxels of a box by its number.</summary>
    public VoxelBox At(int index) => At(index / (Boxes.J * Boxes.K), index / Boxes.K % Boxes.J, index % Boxes.K);

    private static int Divide(int voxels, int side) => (int)(((long)voxels + side - 1) / side);
}
