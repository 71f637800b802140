using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>One scanner and its protocol.</summary>
/// <param name="Name">Preset name.</param>
/// <param name="Tesla">Field strength.</param>
/// <param name="Noise">Standard deviation of each receiver channel over the brightest brain signal of a sequence.</param>
/// <param name="Bias">Standard deviation of the logarithm of the receive field over the head.</param>
/// <param name="Gain">Arbitrary units of full signal.</param>
/// <param name="Timings">Timing by modality, all eight.</param>
public sealed record ScannerPreset(string Name, double Tesla, double Noise, double Bias, double Gain, IReadOnlyDictionary<string, SequenceTiming> Timings)
{
    /// <summary>Thickness of slices of two-dimensional sequences (T2, FLAIR, PD, DWI, ADC), mm; no effect below the voxel size.</summary>
    public double SliceMm { get; init; }

    /// <summary>Full width at half maximum of the blur in the plane, mm.</summary>
    public double BlurMm { get; init; }

    public static ScannerPreset North { get; } = Create("north", 3, 0.020, 0.10, 1600, 20, 3.5, 30, 4800, 98, 9000, 2500, 110) with { SliceMm = 3 };

    public static ScannerPreset South { get; } = Create("south", 1.5, 0.034, 0.06, 900, 24, 5, 32, 4000, 108, 8500, 2250, 122) with { SliceMm = 5, BlurMm = 1.6 };

    public static ScannerPreset East { get; } = Create("east", 1.5, 0.028, 0.08, 2600, 16, 4.2, 26, 5200, 88, 9500, 2350, 130) with { SliceMm = 4, BlurMm = 1.2 };

    public static ScannerPreset West { get; } = Create("west", 3, 0.015, 0.15, 1200, 14, 2.9, 24, 6000, 110, 10000, 2650, 95);

    /// <summary>A research scanner of 7 T: fine, with a strong receive field.</summary>
    public static ScannerPreset Central { get; } = Create("central", 7, 0.013, 0.24, 2000, 18, 2.6, 22, 7000, 62, 12000, 2800, 125);

    /// <summary>A low-field scanner of 0.55 T: noisy, thick slices, coarse.</summary>
    public static ScannerPreset Remote { get; } = Create("remote", 0.55, 0.060, 0.04, 400, 26, 6, 36, 3800, 120, 8000, 2000, 130) with { SliceMm = 6, BlurMm = 2.4 };

    public static IReadOnlyList<ScannerPreset> All { get; } = [North, South, East, West, Central, Remote];

    /// <exception cref="FederationException">BMF-1006 for an unknown name.</exception>
    public static ScannerPreset Find(string name) => All.FirstOrDefault(p => p.Name == name)
        ?? throw ErrorCatalogue.ArgumentInvalid.With($"\"{name}\" is not a scanner; known: {string.Join(", ", All.Select(p => p.Name))}.");

    private static ScannerPreset Create(
        string name, double tesla, double noise, double bias, double gain,
        double t1Tr, double t1Te, double t1Flip, double t2Tr, double t2Te, double flairTr, double flairTi, double flairTe) =>
        new(name, tesla, noise, bias, gain, new Dictionary<string, SequenceTiming>
        {
            [Modalities.T1] = new(t1Tr, t1Te, FlipDegrees: t1Flip),
            [Modalities.T1c] = new(t1Tr, t1Te, FlipDegrees: t1Flip),
            [Modalities.T2] = new(t2Tr, t2Te),
            [Modalities.Flair] = new(flairTr, flairTe, flairTi),
            [Modalities.Pd] = new(t2Tr * 0.95, t2Te * 0.22),
            [Modalities.Dwi] = new(6000, tesla > 2 ? 78 : 92, B: 1000),
            [Modalities.Adc] = new(6000, tesla > 2 ? 78 : 92),
            [Modalities.Mra] = new(23, 3.8, FlipDegrees: 22),
        });
}
