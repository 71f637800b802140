using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Networks.Masking;

/// <summary>The mask that a plan asks for.</summary>
public static class Masks
{
    /// <summary>Draws a mask with the plan's geometry, cell and ratio.</summary>
    /// <param name="plan">Its <c>maskGeometry</c>, <c>maskCell</c> and <c>maskRatio</c>.</param>
    /// <param name="crop">Sides along R, A, S.</param>
    /// <param name="random">Stream of this one mask.</param>
    /// <returns>Voxels in C-order [R, A, S]: true where masked.</returns>
    public static bool[] Draw(TrainingPlan plan, IReadOnlyList<int> crop, CounterRandom random) => plan.MaskGeometry switch
    {
        "grid" => GridMask.Draw(crop, plan.MaskCell, plan.MaskRatio, random),
        "cubes" => CubeMask.Draw(crop, plan.MaskCell, plan.MaskRatio, random),
        var other => throw new ArgumentException($"Mask geometry \"{other}\" is unknown.", nameof(plan)),
    };
}
