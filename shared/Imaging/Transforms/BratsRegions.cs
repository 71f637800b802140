using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>Which number a BraTS label map gives the enhancing tumour.</summary>
public enum BratsLabels
{
    /// <summary>Challenges 2017 to 2021: 1 necrotic core, 2 oedema, 4 enhancing tumour.</summary>
    Until2021,

    /// <summary>
    /// Challenges from 2023 on: 1 necrotic core, 2 oedema, 3 enhancing tumour. 4 is the resection cavity of 2024 and
    /// belongs to no region here.
    /// </summary>
    Since2023,
}

/// <summary>
/// The three overlapping regions that BraTS scores, in the order of MONAI 1.4.0
/// <c>ConvertToMultiChannelBasedOnBratsClasses</c>: tumour core, whole tumour, enhancing tumour.
/// </summary>
public sealed record BratsRegions(bool[] TumourCore, bool[] WholeTumour, bool[] EnhancingTumour)
{
    /// <param name="labels">Voxels of a label map; whole numbers that the numbering knows.</param>
    /// <param name="numbering">Which challenge's numbers.</param>
    /// <exception cref="FederationException">BMF-1122: a voxel has another value.</exception>
    public static BratsRegions From(ReadOnlySpan<float> labels, BratsLabels numbering)
    {
        var (core, whole, enhancing) = (new bool[labels.Length], new bool[labels.Length], new bool[labels.Length]);
        for (var n = 0; n < labels.Length; n++)
        {
            switch (labels[n], numbering)
            {
                case (0, _):
                case (4, BratsLabels.Since2023):
                    break;
                case (1, _):
                    (core[n], whole[n]) = (true, true);
                    break;
                case (2, _):
                    whole[n] = true;
                    break;
                case (3, BratsLabels.Since2023):
                case (4, BratsLabels.Until2021):
                    (core[n], whole[n], enhancing[n]) = (true, true, true);
                    break;
                default:
                    throw ErrorCatalogue.LabelMapInvalid.With(FormattableString.Invariant(
                        $"Value {labels[n]} at voxel index {n} is none of the numbers of BraTS {(numbering == BratsLabels.Until2021 ? "until 2021 (0, 1, 2, 4)" : "since 2023 (0, 1, 2, 3, 4)")}."));
            }
        }

        return new BratsRegions(core, whole, enhancing);
    }
}
