using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>What to generate.</summary>
public sealed record PhantomRequest
{
    /// <summary>The same seed, site and settings give the same bytes.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Prefix of subject names; sites with different prefixes have different people.</summary>
    public required string Site { get; init; }

    /// <summary>Name of a <see cref="ScannerPreset"/>.</summary>
    public required string Scanner { get; init; }

    /// <summary>Canonical modality names.</summary>
    public required IReadOnlyList<string> Modalities { get; init; }

    /// <summary>Number of people, 1..9999.</summary>
    public required int Cases { get; init; }

    /// <summary>Voxel side: 1, 2 or 4 mm. The field of view is always 240 x 240 x 160 mm.</summary>
    public int SpacingMm { get; init; } = 2;

    public PhantomDisease Disease { get; init; } = PhantomDisease.Mixed;

    /// <summary>Probability that a person lacks a modality, each on its own, 0..0.9. Nobody lacks all.</summary>
    public double Missing { get; init; }

    /// <summary>Modalities that nobody lacks.</summary>
    public IReadOnlyList<string> Always { get; init; } = [];

    /// <summary>Skull, scalp, eyes and noise around them instead of the brain alone.</summary>
    public bool WholeHead { get; init; }

    /// <summary>The modalities that a person has, in canonical order.</summary>
    /// <remarks>A draw for each of the eight: asking for one more changes nothing about the others.</remarks>
    public IReadOnlyList<string> ModalitiesOf(string subject)
    {
        var random = new CounterRandom(Seed, "phantom", subject, "missing");
        var draws = Contracts.Identity.Modalities.All.ToDictionary(m => m, _ => random.NextDouble(), StringComparer.Ordinal);
        var wanted = Modalities.OrderBy(Contracts.Identity.Modalities.IndexOf).ToArray();
        var there = wanted.Where(m => draws[m] >= Missing || Always.Contains(m, StringComparer.Ordinal)).ToArray();
        return there.Length > 0 ? there : [wanted.MaxBy(m => draws[m])!];
    }

    /// <exception cref="FederationException">BMF-1006 or BMF-1007, naming the field.</exception>
    public void Check()
    {
        Names.Require(Site, "phantom site");
        ScannerPreset.Find(Scanner);
        if (SpacingMm is not (1 or 2 or 4))
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"A phantom's voxel size is 1, 2 or 4 mm, not {SpacingMm}.");
        }

        if (Cases is < 1 or > 9999)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"A phantom has 1 to 9999 cases, not {Cases}.");
        }

        if (Modalities.Count == 0 || Modalities.Any(m => Contracts.Identity.Modalities.IndexOf(m) < 0) || Modalities.Distinct(StringComparer.Ordinal).Count() != Modalities.Count)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"Phantom modalities are one or more of {string.Join(", ", Contracts.Identity.Modalities.All)}, none twice.");
        }

        if (Missing is not (>= 0 and <= 0.9))
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"The probability of a missing modality is 0 to 0.9, not {Missing}.");
        }

        if (Always.FirstOrDefault(m => !Modalities.Contains(m, StringComparer.Ordinal)) is { } absent)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"\"{absent}\" cannot be there always: the modalities are {string.Join(", ", Modalities)}.");
        }
    }
}
