using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Phantom.Output;

/// <summary>The trees that phantoms can be written as.</summary>
public static class PhantomLayouts
{
    public const string Folder = "folder";

    private static readonly OrderedDictionary<string, OutputLayout> All = new(StringComparer.Ordinal)
    {
        [Folder] = new FolderOutput(),
        ["bids"] = new BidsOutput(),
        ["brats"] = new BratsOutput(),
        ["brats2023"] = new Brats2023Output(),
        ["msd"] = new DecathlonOutput(),
        ["ixi"] = new IxiOutput(),
        ["isles"] = new IslesOutput(),
        ["nnunet"] = new NnUnetOutput(),
    };

    public static IReadOnlyList<string> Names { get; } = [.. All.Keys];

    /// <summary>The disease for which a layout is known; mixed when it is for any.</summary>
    /// <exception cref="FederationException">BMF-1006 for an unknown name.</exception>
    public static PhantomDisease DiseaseOf(string name) => Find(name).Usual;

    /// <summary>The modalities for which a layout is known, in canonical order; t1 and t2 when it is for any.</summary>
    /// <exception cref="FederationException">BMF-1006 for an unknown name.</exception>
    public static IReadOnlyList<string> ModalitiesOf(string name) => Find(name).UsualModalities;

    internal static OutputLayout Find(string name) => All.GetValueOrDefault(name)
        ?? throw ErrorCatalogue.ArgumentInvalid.With($"\"{name}\" is not a layout; known: {string.Join(", ", Names)}.");
}
