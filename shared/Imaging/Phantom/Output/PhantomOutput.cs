using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Phantom.Output;

/// <summary>How a phantom data set is written.</summary>
public sealed record PhantomOutput
{
    /// <summary>Name of the tree's form; one of <see cref="PhantomLayouts.Names"/>.</summary>
    public string Layout { get; init; } = PhantomLayouts.Folder;

    /// <summary>Label maps, where the disease has any.</summary>
    public bool Labels { get; init; } = true;

    /// <summary>Classes: labels.csv or participants.tsv, and for the layout <c>folder</c> manifest.csv too.</summary>
    public bool Classes { get; init; }

    /// <summary>People made at the same time, 1..64. The files do not depend on it.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>PNG file to draw; null for none.</summary>
    public string? Montage { get; init; }

    /// <exception cref="FederationException">BMF-1006, naming what does not fit.</exception>
    public void Check(PhantomRequest request)
    {
        request.Check();
        var layout = PhantomLayouts.Find(Layout);
        if (Jobs is < 1 or > 64)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"1 to 64 people are made at the same time, not {Jobs}.");
        }

        if (layout.Words is { } words && request.Modalities.FirstOrDefault(m => !words.ContainsKey(m)) is { } strange)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"The layout {Layout} holds {string.Join(", ", words.Keys)}; {strange} is none of them.");
        }

        if (layout.Only is { } only && request.Disease != only)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"The layout {Layout} is for the disease {PhantomDiseases.NameOf(only)}, not {PhantomDiseases.NameOf(request.Disease)}.");
        }

        if (layout.NeedsAll && request.Missing > 0)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"In the layout {Layout} nobody can lack a modality.");
        }

        if (request.Cases > layout.MostCases)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"The names of the layout {Layout} count to {layout.MostCases}, not to {request.Cases}.");
        }
    }
}
