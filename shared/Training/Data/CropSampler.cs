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
    /// <param name="target">The case in the target modality.</param>
    /// <param name="random">Stream of this one crop.</param>
    /// <returns>Case coordinates of the crop's first voxel; negative where padded.</returns>
    public static int[] Draw(ImagingPlan plan, IReadOnlyList<int> shape, ICaseVolume target, CounterRandom random) => plan.CropPosition switch
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
    private static int[] DrawCentred(IReadOnlyList<int> shape, IReadOnlyList<int> crop, ICaseVolume target, CounterRandom random)
    {
        var foreground = random.NextInt32(2) == 0;
        var voxels = shape[0] * shape[1] * shape[2];
        var voxel = random.NextInt32(voxels);
        for (var tries = 1; tries < MaximumTries && target.IsForeground(voxel) != foreground; tries++)
        {
            voxel = random.NextInt32(voxels);
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
}
