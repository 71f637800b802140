namespace BrainMVP.Federated.Training.Data;

/// <summary>A volume that lies in memory as it is.</summary>
/// <param name="shape">Voxels along R, A, S.</param>
/// <param name="voxels">C-order [R, A, S].</param>
public sealed class MemoryVolume(IReadOnlyList<int> shape, ReadOnlyMemory<float> voxels) : ICaseVolume
{
    /// <inheritdoc/>
    public bool IsForeground(int voxel) => voxels.Span[voxel] > 0;

    /// <inheritdoc/>
    public void Copy(IReadOnlyList<int> start, IReadOnlyList<int> crop, Span<float> destination)
    {
        destination.Clear();
        var volume = voxels.Span;
        var first = Math.Max(0, start[2]);
        var last = Math.Min(shape[2], start[2] + crop[2]);
        for (var r = Math.Max(0, start[0]); r < Math.Min(shape[0], start[0] + crop[0]); r++)
        {
            for (var a = Math.Max(0, start[1]); a < Math.Min(shape[1], start[1] + crop[1]) && last > first; a++)
            {
                var to = ((((r - start[0]) * crop[1]) + (a - start[1])) * crop[2]) + (first - start[2]);
                volume.Slice((((r * shape[1]) + a) * shape[2]) + first, last - first).CopyTo(destination[to..]);
            }
        }
    }
}
