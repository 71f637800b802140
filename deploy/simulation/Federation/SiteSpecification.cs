using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Simulation.Commands;

namespace BrainMVP.Federated.Simulation.Federation;

/// <summary>One simulated hospital.</summary>
/// <param name="Data">Folder with real volumes; null for phantoms.</param>
public sealed record SiteSpecification(string Name, string Scanner, IReadOnlyList<string> Modalities, int Cases, string? Data = null)
{
    private const int MostSites = 16;

    /// <summary>
    /// Four hospitals that differ in modalities, scanner and size. DWI and ADC belong to one of them only, so their
    /// templates show the withheld case.
    /// </summary>
    private static readonly SiteSpecification[] Defaults =
    [
        new("north", "north", [Contracts.Identity.Modalities.T1, Contracts.Identity.Modalities.T1c, Contracts.Identity.Modalities.T2, Contracts.Identity.Modalities.Flair], 8),
        new("south", "south", [Contracts.Identity.Modalities.T1, Contracts.Identity.Modalities.T1c, Contracts.Identity.Modalities.T2], 6),
        new("east", "east", [Contracts.Identity.Modalities.T1, Contracts.Identity.Modalities.T2], 5),
        new("west", "west", [Contracts.Identity.Modalities.T1, Contracts.Identity.Modalities.T1c, Contracts.Identity.Modalities.T2, Contracts.Identity.Modalities.Flair, Contracts.Identity.Modalities.Dwi, Contracts.Identity.Modalities.Adc], 6),
    ];

    /// <exception cref="FederationException">BMF-1006 for an impossible number of sites, BMF-1110 for a missing folder.</exception>
    public static IReadOnlyList<SiteSpecification> From(SimulationOptions options)
    {
        if (options.Data.Count > 0)
        {
            if (options.Sites is { } given && given != options.Data.Count)
            {
                throw ErrorCatalogue.ArgumentInvalid.With($"--sites {given} contradicts {options.Data.Count} --data folders; each --data is one site.");
            }

            return [.. options.Data.Select((folder, i) => Path.Exists(folder)
                ? new SiteSpecification(NameOf(i), "", [], 0, folder)
                : throw ErrorCatalogue.DataFolderMissing.With(folder))];
        }

        var count = options.Sites ?? Defaults.Length;
        return count is >= 1 and <= MostSites
            ? [.. Enumerable.Range(0, count).Select(i => Defaults[i % Defaults.Length] with { Name = NameOf(i) })]
            : throw ErrorCatalogue.ArgumentInvalid.With($"--sites is {count}; it must be in 1..{MostSites}.");
    }

    private static string NameOf(int index) => index < Defaults.Length
        ? Defaults[index].Name
        : $"{Defaults[index % Defaults.Length].Name}-{(index / Defaults.Length) + 1}";
}
