using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>Timing of one acquisition.</summary>
/// <param name="Tr">Repetition time, ms.</param>
/// <param name="Te">Echo time, ms.</param>
/// <param name="Ti">Inversion time, ms; 0 without inversion.</param>
/// <param name="FlipDegrees">Excitation flip angle of gradient echoes.</param>
/// <param name="B">Diffusion weighting, s/mm².</param>
public sealed record SequenceTiming(double Tr, double Te, double Ti = 0, double FlipDegrees = 90, double B = 0);

/// <summary>Signal equations of the sequences that the canonical modalities stand for.</summary>
internal static class PulseSequences
{
    /// <summary>Moving blood leaves the slice between the pulses of a spin echo: flow void.</summary>
    private const double FlowVoid = 0.12;

    /// <summary>Signal of a tissue, relative to fully relaxed water; for ADC the coefficient in 10⁻⁶ mm²/s.</summary>
    /// <param name="iron">Of the person's deep grey nuclei, 0 for the mean.</param>
    public static double Signal(string modality, Tissue tissue, SequenceTiming timing, double tesla, double iron = 0)
    {
        var p = Tissues.WithIron(tissue, Tissues.Properties(tissue, tesla), iron);
        var isBlood = tissue is Tissue.Artery or Tissue.Vein;
        return modality switch
        {
            Modalities.T1 => GradientEcho(p, timing) * (tissue == Tissue.Artery ? 0.8 : 1),
            Modalities.T1c => GradientEcho(Tissues.WithContrast(tissue, p), timing),
            Modalities.T2 or Modalities.Pd => SpinEcho(p, timing) * (isBlood ? FlowVoid : 1),
            Modalities.Flair => InversionRecovery(p, timing) * (isBlood ? FlowVoid : 1),
            Modalities.Dwi => isBlood ? 0 : SpinEcho(p, timing) * Math.Exp(-timing.B * p.Diffusion * 1e-3) * FatSuppression(tissue),
            Modalities.Adc => tissue is Tissue.Bone or Tissue.Fat ? 0 : p.Diffusion * 1000,
            Modalities.Mra => tissue == Tissue.Artery ? Inflow(p, timing) : GradientEcho(p, timing) * FatSuppression(tissue),
            _ => throw ErrorCatalogue.ArgumentInvalid.With($"\"{modality}\" is not a modality; known: {string.Join(", ", Modalities.All)}."),
        };
    }

    /// <summary>S = ρ (1 − e^(−TR/T1)) e^(−TE/T2).</summary>
    private static double SpinEcho(TissueProperties p, SequenceTiming t) => p.Density * (1 - Math.Exp(-t.Tr / p.T1)) * Math.Exp(-t.Te / p.T2);

    /// <summary>S = ρ |1 − 2 e^(−TI/T1) + e^(−TR/T1)| e^(−TE/T2).</summary>
    private static double InversionRecovery(TissueProperties p, SequenceTiming t) =>
        p.Density * Math.Abs(1 - (2 * Math.Exp(-t.Ti / p.T1)) + Math.Exp(-t.Tr / p.T1)) * Math.Exp(-t.Te / p.T2);

    /// <summary>Spoiled gradient echo: S = ρ sin α (1 − E1) / (1 − E1 cos α) e^(−TE/T2*), T2* taken as half of T2.</summary>
    private static double GradientEcho(TissueProperties p, SequenceTiming t)
    {
        var (sine, cosine) = Math.SinCos(t.FlipDegrees * Math.PI / 180);
        var e1 = Math.Exp(-t.Tr / p.T1);
        return p.Density * sine * (1 - e1) / (1 - (e1 * cosine)) * Math.Exp(-t.Te / (p.T2 / 2));
    }

    /// <summary>Fresh blood enters the slab fully relaxed; part of it has met pulses already.</summary>
    private static double Inflow(TissueProperties p, SequenceTiming t) =>
        0.62 * p.Density * Math.Sin(t.FlipDegrees * Math.PI / 180) * Math.Exp(-t.Te / (p.T2 / 2));

    private static double FatSuppression(Tissue tissue) => tissue == Tissue.Fat ? 0.15 : 1;
}
