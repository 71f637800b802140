using System.Globalization;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>
/// How a series lies on its case's reference, and whether that counts as aligned. One rule for training and for checks:
/// <list type="number">
/// <item>Misplaced when the mutual information asks for a motion of <see cref="GreatestDisplacementMm"/> or more and
/// would grow by <see cref="LeastGain"/> or more.</item>
/// <item>Otherwise aligned when the foregrounds overlap by the plan's least Dice.</item>
/// <item>Otherwise aligned only when the information confirms it: it asks for less than
/// <see cref="ConfirmingDisplacementMm"/>, and falls off around the position (<see cref="LeastSharpness"/>). Air, fat or
/// a scanner's mask can make two foregrounds differ although the brains lie on each other.</item>
/// </list>
/// The figures are measured; docs/decisions.md has them.
/// </summary>
/// <param name="Modality">Canonical name of the series.</param>
/// <param name="Reference">Canonical name of the reference series.</param>
/// <param name="Resampled">Whether the series was on another grid and was resampled by its header.</param>
/// <param name="Dice">Overlap of the foregrounds in the common field of view, 0..1.</param>
/// <param name="Offset">What the mutual information says.</param>
public sealed record Alignment(string Modality, string Reference, bool Resampled, double Dice, RigidOffset Offset)
{
    /// <summary>Mean displacement from which a pair counts as misplaced, mm.</summary>
    public const double GreatestDisplacementMm = 5.5;

    /// <summary>Least relative growth of the information for a displacement to count.</summary>
    public const double LeastGain = 0.35;

    /// <summary>Mean displacement up to which the information confirms a pair whose foregrounds differ, mm.</summary>
    public const double ConfirmingDisplacementMm = 3;

    /// <summary>Least sharpness with which the information confirms a pair whose foregrounds differ.</summary>
    public const double LeastSharpness = 1.85;

    /// <summary>Measures a series that already lies on the reference's grid.</summary>
    /// <param name="covered">Voxels inside both fields of view; null when the series was on the reference's grid already.</param>
    internal static Alignment Measure(
        string modality, string reference, Volume grid, Volume volume, bool[] foreground, bool[] foregroundOther, bool[]? covered) => new(
        modality,
        reference,
        covered is not null,
        Overlap.Dice(foreground, foregroundOther, covered),
        RigidSearch.Run(grid, volume, foreground, foregroundOther, covered));

    /// <summary>Whether the mutual information asks for another position.</summary>
    public bool IsMisplaced => Offset.DisplacementMm >= GreatestDisplacementMm && Offset.Gain >= LeastGain;

    /// <summary>Whether the mutual information confirms the position on its own.</summary>
    public bool IsConfirmed => Offset.DisplacementMm < ConfirmingDisplacementMm && Offset.Sharpness >= LeastSharpness;

    /// <param name="minimumOverlap">The plan's least Dice; 0 turns the judgement off.</param>
    public bool IsAligned(double minimumOverlap) => minimumOverlap == 0 || (!IsMisplaced && (Dice >= minimumOverlap || IsConfirmed));

    /// <summary>Why the pair is not aligned, with the numbers.</summary>
    public string Explain(double minimumOverlap)
    {
        var overlap = string.Create(CultureInfo.InvariantCulture, $"their foregrounds overlap by a Dice of {Dice:F3} ({minimumOverlap:F2} is asked for)");
        return IsMisplaced
            ? string.Create(CultureInfo.InvariantCulture, $"{Modality} lies {Offset.Describe()} from where it fits {Reference} best: {overlap}, and their mutual information grows from {Offset.InformationHere:F3} to {Offset.InformationThere:F3} there.")
            : string.Create(CultureInfo.InvariantCulture, $"{Modality} and {Reference} do not show the same head in the same place: {overlap}, and their mutual information does not confirm the position (best {Offset.DisplacementMm:F1} mm away, sharpness {Offset.Sharpness:F2}).");
    }
}
