using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Training.Data;

/// <summary>Where a crop lies in a case.</summary>
public static class CropSampler
{
    /// <summary>Draws before a voxel is taken as it is. Heads fill about a third of their box, so a handful is the rule.</summary>
    private const int MaximumTries = 1000;

    /// <summary>A crop's position as the plan's <c>imaging.cropPosition</c> asks for.</summary>
    /// <param name="plan">Its crop and crop position.</param>
    /// <param name="shape">Voxels of the case along R, A, S.</param>
    /// <param name="target">Volume of the case in the target modality, C-order [R, A, S]; positive inside the head.</param>
    /// <param name="random">Stream of this one crop.</param>
    /// <returns>Case coordinates of the crop's first voxel; negative where padded.</returns>
    public static int[] Draw(ImagingPlan plan, IReadOnlyList<int> shape, ReadOnlySpan<float> target, CounterRandom random) => plan.CropPosition switch
    {
        "uniform" => Draw(shape, plan.Crop, random),
        "foreground" => DrawCentred(shape, plan.Crop, target, random),
        var other => throw new ArgumentException($"Crop position \"{other}\" is unknown.", nameof(plan)),
    };

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

    /// <summary>
    /// Half of the crops are centred on a random voxel above 0 and half on one that is 0, moved by as little as makes
    /// them valid. Where no such voxel is found in <see cref="MaximumTries"/> draws, the last one drawn is the centre.
    /// </summary>
    private static int[] DrawCentred(IReadOnlyList<int> shape, IReadOnlyList<int> crop, ReadOnlySpan<float> target, CounterRandom random)
    {
        var foreground = random.NextInt32(2) == 0;
        var voxel = random.NextInt32(target.Length);
        for (var tries = 1; tries < MaximumTries && target[voxel] > 0 != foreground; tries++)
        {
            voxel = random.NextInt32(target.Length);
        }

        int[] centre = [voxel / (shape[1] * shape[2]), voxel / shape[2] % shape[1], voxel % shape[2]];
        var start = new int[3];
        for (var axis = 0; axis < 3; axis++)
        {
            var room = shape[axis] - crop[axis];
            start[axis] = room >= 0 ? Math.Clamp(centre[axis] - (crop[axis] / 2), 0, room) : -(-room / 2);
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
