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
    public static ScannerPreset North { get; } = Create("north", 3, 0.020, 0.10, 1600, 20, 3.5, 30, 4800, 98, 9000, 2500, 110);

    public static ScannerPreset South { get; } = Create("south", 1.5, 0.034, 0.06, 900, 24, 5, 32, 4000, 108, 8500, 2250, 122);

    public static ScannerPreset East { get; } = Create("east", 1.5, 0.028, 0.08, 2600, 16, 4.2, 26, 5200, 88, 9500, 2350, 130);

    public static ScannerPreset West { get; } = Create("west", 3, 0.015, 0.15, 1200, 14, 2.9, 24, 6000, 110, 10000, 2650, 95);

    public static IReadOnlyList<ScannerPreset> All { get; } = [North, South, East, West];

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
