namespace BrainMVP.Federated.Imaging.Volumes;

/// <summary>Voxels along the three axes of a file, first file axis first.</summary>
public readonly record struct VolumeShape(int I, int J, int K)
{
    public long Count => (long)I * J * K;

    public int this[int axis] => axis switch { 0 => I, 1 => J, 2 => K, _ => throw new ArgumentOutOfRangeException(nameof(axis)) };

    public override string ToString() => FormattableString.Invariant($"{I}x{J}x{K}");
}

/// <summary>Half-open box of voxels: start inclusive, end exclusive.</summary>
public readonly record struct VoxelBox(int I0, int J0, int K0, int I1, int J1, int K1)
{
    public VolumeShape Shape => new(I1 - I0, J1 - J0, K1 - K0);
}
