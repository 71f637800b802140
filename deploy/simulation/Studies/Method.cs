using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>Who learns together.</summary>
internal enum Setting
{
    /// <summary>Each site by itself, on its own people.</summary>
    Site,

    /// <summary>A real federation of all sites.</summary>
    Federation,

    /// <summary>All people in one place: allowed for people that do not exist.</summary>
    Pooled,
}

/// <summary>Changes of a plan, with a name for folders and tables.</summary>
internal sealed record Recipe(string Name, Func<Plan, Plan> Change);

/// <summary>A way to a model for every site.</summary>
/// <param name="Name">For folders and tables; letters, digits, hyphens.</param>
/// <param name="Setting">Who learns together, in pre-training and from labels.</param>
/// <param name="Pretraining">Null starts untrained.</param>
/// <param name="Learning">How it learns from labels.</param>
/// <param name="Labels">Part of the labels that is used, in (0, 1].</param>
/// <param name="Missing">Modalities that are hidden from the test people; null for none.</param>
internal sealed record Method(string Name, Setting Setting, Recipe? Pretraining, Recipe Learning, double Labels = 1, string? Missing = null)
{
    /// <summary>What is trained; methods that differ in the test people alone share it.</summary>
    public string Training => $"{Setting}-{Pretraining?.Name ?? "untrained"}-{Learning.Name}-{Labels * 100:F0}".ToLowerInvariant();
}

/// <summary>Is the first method better than the second, and by how much?</summary>
/// <param name="First">Name of a method.</param>
/// <param name="Second">Name of another.</param>
/// <param name="Least">The lower end of the interval must be above this for the target to be met; null without a target.</param>
internal sealed record Comparison(string First, string Second, double? Least);
