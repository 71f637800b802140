using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>What the people of a phantom data set suffer from.</summary>
public enum PhantomDisease
{
    /// <summary>Of 100 people 30 have nothing, 35 white-matter spots, 22 a glioma and 13 an acute infarct.</summary>
    Mixed,

    /// <summary>Nothing; no label maps.</summary>
    None,

    /// <summary>Everybody has a glioma, half of them of a high grade.</summary>
    Glioma,

    /// <summary>Everybody has an acute or subacute infarct, most of them some old white-matter spots too.</summary>
    Stroke,

    /// <summary>Everybody has plaques of multiple sclerosis.</summary>
    Ms,
}

/// <summary>What a voxel of a lesion belongs to.</summary>
internal enum Finding
{
    None,
    Core,
    Oedema,
    Enhancing,
    Infarct,
    Spot,
}

/// <summary>Names of diseases, and the values that the field writes for them into label maps.</summary>
public static class PhantomDiseases
{
    internal const int Findings = (int)Finding.Spot + 1;

    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetNames<PhantomDisease>().Select(n => n.ToLowerInvariant())];

    /// <exception cref="FederationException">BMF-1006 for an unknown name.</exception>
    public static PhantomDisease Find(string name) => Names.Contains(name, StringComparer.Ordinal)
        ? Enum.Parse<PhantomDisease>(name, ignoreCase: true)
        : throw ErrorCatalogue.ArgumentInvalid.With($"\"{name}\" is not a disease; known: {string.Join(", ", Names)}.");

    public static string NameOf(PhantomDisease disease) => Names[(int)disease];

    /// <summary>
    /// Label values with their meaning, background left out. Glioma: BraTS until 2021. Stroke: ISLES. Multiple sclerosis: one
    /// foreground. Mixed: all of them in one map.
    /// </summary>
    public static IReadOnlyDictionary<int, string> Labels(PhantomDisease disease) => disease switch
    {
        PhantomDisease.None => new Dictionary<int, string>(),
        PhantomDisease.Glioma => new Dictionary<int, string> { [1] = "necrosis and non-enhancing core", [2] = "oedema", [4] = "enhancing tumour" },
        PhantomDisease.Stroke => new Dictionary<int, string> { [1] = "infarct" },
        PhantomDisease.Ms => new Dictionary<int, string> { [1] = "lesion" },
        _ => new Dictionary<int, string> { [1] = "necrosis and non-enhancing core", [2] = "oedema or white-matter lesion", [3] = "infarct", [4] = "enhancing tumour" },
    };

    /// <summary>Label value of a finding; spots beside an infarct are not what stroke data sets label.</summary>
    internal static int LabelOf(PhantomDisease disease, Finding finding) => (disease, finding) switch
    {
        (_, Finding.None) or (PhantomDisease.Stroke, Finding.Spot) => 0,
        (PhantomDisease.Stroke, Finding.Infarct) or (PhantomDisease.Ms, _) => 1,
        (_, Finding.Core) => 1,
        (_, Finding.Oedema or Finding.Spot) => 2,
        (_, Finding.Infarct) => 3,
        _ => 4,
    };
}
