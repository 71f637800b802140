namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>What a phantom voxel can be made of, in parts.</summary>
internal enum Tissue
{
    Csf,
    Cortex,
    White,
    Thalamus,
    Striatum,
    Pallidum,
    CerebellarCortex,
    Brainstem,
    Artery,
    Vein,
    Oedema,
    Tumour,
    Enhancing,
    Necrosis,
    IschaemicGrey,
    IschaemicWhite,
    Infarct,
    Bone,
    Fat,
    Muscle,
    Vitreous,
}

/// <summary>Magnetic properties of a tissue.</summary>
/// <param name="Density">Proton density, water = 1.</param>
/// <param name="T1">Longitudinal relaxation, ms.</param>
/// <param name="T2">Transverse relaxation, ms.</param>
/// <param name="Diffusion">Apparent diffusion coefficient, 10⁻³ mm²/s.</param>
internal readonly record struct TissueProperties(double Density, double T1, double T2, double Diffusion);

internal static class Tissues
{
    public const int Count = (int)Tissue.Vitreous + 1;

    /// <summary>Round values in the range that relaxometry reports for adults at 3 T.</summary>
    private static readonly TissueProperties[] AtThreeTesla =
    [
        new(1.00, 4200, 1900, 3.00),
        new(0.81, 1500, 94, 0.85),
        new(0.71, 810, 72, 0.74),
        new(0.78, 1120, 80, 0.77),
        new(0.81, 1270, 82, 0.75),
        new(0.74, 1020, 60, 0.75),
        new(0.80, 1420, 90, 0.80),
        new(0.74, 980, 78, 0.76),
        new(0.90, 1900, 150, 1.60),
        new(0.90, 1900, 90, 1.60),
        new(0.88, 1650, 155, 1.30),
        new(0.87, 1650, 128, 1.30),
        new(0.87, 1500, 112, 0.95),
        new(0.94, 2700, 300, 2.10),
        new(0.81, 1540, 97, 0.44),
        new(0.72, 850, 76, 0.40),
        new(0.86, 1620, 138, 0.47),
        new(0.08, 500, 20, 0.20),
        new(0.90, 380, 70, 0.10),
        new(0.75, 1300, 38, 1.20),
        new(1.00, 4000, 1500, 2.90),
    ];

    /// <summary>T1 grows with about the third root of the field, T2 shrinks slightly.</summary>
    /// <param name="tissue">The tissue.</param>
    /// <param name="tesla">Field strength, 0.5..7 T.</param>
    public static TissueProperties Properties(Tissue tissue, double tesla)
    {
        var p = AtThreeTesla[(int)tissue];
        var free = tissue is Tissue.Csf or Tissue.Vitreous;
        return p with { T1 = free ? p.T1 : p.T1 * Math.Pow(tesla / 3, 0.35), T2 = p.T2 * Math.Pow(3 / tesla, 0.1) };
    }

    /// <summary>Iron shortens T2, and T1 a little, most of all in the pallidum.</summary>
    public static TissueProperties WithIron(Tissue tissue, TissueProperties p, double iron)
    {
        var amount = iron * (tissue switch { Tissue.Pallidum => 1, Tissue.Striatum => 0.7, _ => 0 });
        return p with { T1 = p.T1 * Math.Exp(-0.035 * amount), T2 = p.T2 * Math.Exp(-0.08 * amount) };
    }

    /// <summary>T1 after gadolinium: tissue behind the blood-brain barrier barely changes, blood and leaking lesions do.</summary>
    public static TissueProperties WithContrast(Tissue tissue, TissueProperties p) => tissue switch
    {
        Tissue.Artery or Tissue.Vein => p with { T1 = 420 },
        Tissue.Enhancing => p with { T1 = 480 },
        Tissue.Muscle => p with { T1 = p.T1 * 0.7 },
        Tissue.Csf or Tissue.Vitreous or Tissue.Bone or Tissue.Fat => p,
        _ => p with { T1 = p.T1 * 0.95 },
    };
}
