using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>One line of a table.</summary>
/// <param name="Preset">Whose network.</param>
/// <param name="Side">Side of the cubic crop in voxels.</param>
/// <param name="Batch">Cases of a step; the network sees two views of each.</param>
/// <param name="Repetitions">Timed steps.</param>
/// <param name="Target">Least wanted ratio; null without one.</param>
internal sealed record Size(string Preset, int Side, int Batch, int Repetitions, double? Target)
{
    public string Name => $"{(Preset == Presets.Demo ? "demo" : "full")} width, {Side}³, batch {Batch}";

    public NetworkPlan Network => Presets.Create(Preset).Network;

    /// <summary>Sizes of a training step. Quick leaves out full width beyond 32³.</summary>
    public static IReadOnlyList<Size> Steps(bool quick) => quick
        ? [new(Presets.Demo, 32, 3, 5, 1.3), new(Presets.Demo, 48, 3, 3, 1.3), new(Presets.V1, 32, 2, 3, null)]
        : [new(Presets.Demo, 32, 3, 15, 1.3), new(Presets.Demo, 48, 3, 9, 1.3), new(Presets.V1, 32, 2, 7, null), new(Presets.V1, 48, 2, 5, null), new(Presets.V1, 96, 1, 2, 1.1)];
}
