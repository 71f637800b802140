using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>One generated person.</summary>
/// <param name="Subject">SITE-0001.</param>
/// <param name="Volumes">By canonical modality, all on one grid, RAS; whole numbers 0..32767.</param>
/// <param name="Labels">Lesions on the same grid, with the values of <see cref="PhantomDiseases.Labels"/>; 0 elsewhere.</param>
public sealed record PhantomCase(string Subject, IReadOnlyDictionary<string, Volume> Volumes, Volume Labels)
{
    /// <summary>1 in the brain, 0 outside, on the same grid.</summary>
    public required Volume Brain { get; init; }

    public required PhantomDisease Disease { get; init; }

    /// <summary>Skull and scalp are there too.</summary>
    public bool IsWholeHead { get; init; }

    public required PhantomTraits Traits { get; init; }

    /// <summary>"1" or "0": high or low grade of gliomas, otherwise <see cref="PhantomTraits.Central"/>.</summary>
    public required string Class { get; init; }
}
