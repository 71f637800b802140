using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>
/// What is drawn about a person before anything is painted, whatever the disease, scanner and modalities.
/// The two kinds of ageing overlap: in the first the ventricles widen while sulci stay narrow and the deep grey nuclei
/// collect iron; in the second sulci widen and the nuclei do not. Over both kinds ventricles and sulci keep the same
/// distribution and the fluid's total is alike, so that neither a mean intensity nor one place tells them apart. Wide
/// ventricles, narrow sulci and dark nuclei together do, for about 95 of 100 people.
/// </summary>
public sealed record PhantomTraits
{
    // Smaller values separate the kinds more.
    private const double Overlap = 0.13;
    private const double IronDistance = 1.05;

    private PhantomTraits(ulong seed, string subject)
    {
        var random = new CounterRandom(seed, "phantom", subject, "traits");
        Central = random.NextInt32(2) == 1;
        HighGrade = random.NextInt32(2) == 1;
        var (wide, narrow) = (Leaning(random), 1 - Leaning(random));
        (VentricularAge, SulcalAge) = Central ? (wide, narrow) : (narrow, wide);
        Iron = (Central ? IronDistance : -IronDistance) + Math.Clamp(random.NextNormal(), -2, 2);
    }

    /// <summary>Class of people without a glioma: true for wide ventricles, narrow sulci and much iron, half of the people.</summary>
    public bool Central { get; }

    /// <summary>Class of people with a glioma: half of them.</summary>
    public bool HighGrade { get; }

    /// <summary>What widens the ventricles: uniform in 0..1 over all people.</summary>
    public double VentricularAge { get; }

    /// <summary>What widens sulci and thins the cortex: uniform in 0..1 over all people.</summary>
    public double SulcalAge { get; }

    /// <summary>Iron in the deep grey nuclei, mean 0, about -3..3: shortens T2 and T1 there.</summary>
    public double Iron { get; }

    /// <param name="seed">Seed of the data set.</param>
    /// <param name="subject">Name of the person.</param>
    public static PhantomTraits Of(ulong seed, string subject) => new(seed, subject);

    /// <summary>Class of the person in a data set of a disease: "1" or "0".</summary>
    public string ClassFor(PhantomDisease disease) => (disease == PhantomDisease.Glioma ? HighGrade : Central) ? "1" : "0";

    /// <summary>Density 2 s(a) on 0..1 with a logistic s: high values prevail, and mirrored with 1 - a both make a uniform one.</summary>
    private static double Leaning(CounterRandom random)
    {
        var a = random.NextDouble();
        return random.NextDouble() < 1 / (1 + Math.Exp(-(a - 0.5) / Overlap)) ? a : 1 - a;
    }
}
