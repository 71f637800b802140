using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Training.Data;

/// <summary>Where a crop lies in a case.</summary>
public static class CropSampler
{
    /// <summary>
    /// Uniform over the valid positions of each axis; an axis shorter than the crop is centred and padded, low side
    /// rounded down.
    /// </summary>
    /// <returns>Case coordinates of the crop's first voxel; negative where padded.</returns>
    public static int[] Draw(IReadOnlyList<int> shape, IReadOnlyList<int> crop, CounterRandom random)
    {
        var start = new int[3];
        for (var axis = 0; axis < 3; axis++)
        {
            var room = shape[axis] - crop[axis];
            start[axis] = room >= 0 ? random.NextInt32(room + 1) : -(-room / 2);
        }

        return start;
    }

    /// <summary>Copies a crop; voxels outside the volume are zero.</summary>
    /// <param name="volume">C-order [R, A, S].</param>
    /// <param name="shape">Sides of the volume.</param>
    /// <param name="start">Volume coordinates of the crop's first voxel.</param>
    /// <param name="crop">Sides of the crop.</param>
    /// <param name="destination">Receives the crop, C-order.</param>
    public static void Copy(ReadOnlySpan<float> volume, IReadOnlyList<int> shape, IReadOnlyList<int> start, IReadOnlyList<int> crop, Span<float> destination)
    {
        destination.Clear();
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
