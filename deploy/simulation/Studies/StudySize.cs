using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>One hospital of a study.</summary>
/// <param name="Name">As the simulation names its sites, in the same order.</param>
/// <param name="Scanner">Scanner of its phantoms.</param>
/// <param name="Modalities">What its patients have.</param>
/// <param name="Unlabelled">People for pre-training.</param>
/// <param name="Labelled">People with labels to learn from.</param>
internal sealed record StudySite(string Name, string Scanner, IReadOnlyList<string> Modalities, int Unlabelled, int Labelled);

/// <summary>How large a study is: people, network and steps.</summary>
internal sealed record StudySize
{
    public required string Preset { get; init; }

    /// <summary>Voxel side of the phantoms, mm.</summary>
    public required int Spacing { get; init; }

    public required IReadOnlyList<StudySite> Sites { get; init; }

    /// <summary>Rounds of pre-training.</summary>
    public required int Rounds { get; init; }

    /// <summary>Steps of a round of pre-training.</summary>
    public required int Steps { get; init; }

    /// <summary>Rounds of learning from labels, a multiple of 4.</summary>
    public required int TaskRounds { get; init; }

    /// <summary>Steps of such a round.</summary>
    public required int TaskSteps { get; init; }

    public required double TaskLearningRate { get; init; }

    /// <summary>Overlap of the windows that label a volume.</summary>
    public required double Overlap { get; init; }

    /// <summary>Part of the labelled voxel maps that the studies use which do not vary it: labels are what hospitals have fewest of.</summary>
    public const double FewLabels = 0.5;

    /// <summary>Modalities of the task; a site that lacks some sees templates or zeros.</summary>
    public static IReadOnlyList<string> Modalities { get; } = [Contracts.Identity.Modalities.T1, Contracts.Identity.Modalities.T1c, Contracts.Identity.Modalities.T2, Contracts.Identity.Modalities.Flair];

    /// <summary>Unlike in scanner, modalities and size.</summary>
    private static readonly StudySite[] Hospitals =
    [
        new("north", "north", Modalities, 24, 6),
        new("south", "south", [Contracts.Identity.Modalities.T1, Contracts.Identity.Modalities.T1c, Contracts.Identity.Modalities.T2], 18, 5),
        new("east", "east", [Contracts.Identity.Modalities.T1, Contracts.Identity.Modalities.T2, Contracts.Identity.Modalities.Flair], 12, 4),
    ];

    /// <summary>For CPUs: narrow network, volumes of 4 mm.</summary>
    public static StudySize Small { get; } = new()
    {
        Preset = Presets.Demo,
        Spacing = 4,
        Sites = Hospitals,
        Rounds = 3,
        Steps = 40,
        TaskRounds = 12,
        TaskSteps = 25,
        TaskLearningRate = 4e-3,
        Overlap = 0.125,
    };

    /// <summary>For GPUs: the published network on volumes of 1 mm.</summary>
    public static StudySize Full { get; } = new()
    {
        Preset = Presets.V1,
        Spacing = 1,
        Sites = [.. Hospitals.Select(h => h with { Unlabelled = h.Unlabelled * 20, Labelled = h.Labelled * 16 })],
        Rounds = 50,
        Steps = 200,
        TaskRounds = 56,
        TaskSteps = 250,
        TaskLearningRate = 3e-4,
        Overlap = 0.5,
    };
}
