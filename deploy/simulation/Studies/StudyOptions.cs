namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>What to study.</summary>
public sealed record StudyOptions
{
    /// <summary>One of <see cref="Study.Names"/>.</summary>
    public required string Study { get; init; }

    /// <summary>Folder of stages and results; the same command again goes on where it stopped.</summary>
    public required string Out { get; init; }

    /// <summary>Trainings of every method, 1..100.</summary>
    public int Seeds { get; init; } = 3;

    /// <summary>Of the people; trainings take the numbers 1, 2, ….</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Held-out people of every site, 1..9999.</summary>
    public int TestCases { get; init; } = 64;

    /// <summary>Published network, 1 mm voxels, long training: for GPUs.</summary>
    public bool Full { get; init; }

    /// <summary>What every trainer runs on.</summary>
    public string Device { get; init; } = "cpu";
}
