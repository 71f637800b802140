using BrainMVP.Federated.Contracts.Finetuning;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// From probabilities of overlapping regions to one label for each voxel: the label under which the regions are most
/// likely, taken as independent. With p the probability of a region, a label scores Σ ln(p / (1 − p)) over the regions it
/// belongs to, and background 0; regions that are thresholded at ½ and nested as labels allow are reproduced exactly.
/// </summary>
public static class LabelDecoder
{
    private const float Least = 1e-6f;

    /// <param name="regions">Regions and their labels.</param>
    /// <param name="probabilities">One volume a region, all of the same length.</param>
    /// <returns>Label of each voxel, 0 for none. Of labels with equal scores the smallest.</returns>
    public static float[] Decode(IReadOnlyList<LabelRegion> regions, IReadOnlyList<float[]> probabilities)
    {
        byte[] labels = [.. regions.SelectMany(r => r.Labels).Distinct().Order()];
        int[][] members = [.. labels.Select(l => regions.Index().Where(r => r.Item.Labels.Contains(l)).Select(r => r.Index).ToArray())];
        var result = new float[probabilities[0].Length];
        var odds = new float[regions.Count];
        for (var voxel = 0; voxel < result.Length; voxel++)
        {
            var any = false;
            for (var region = 0; region < odds.Length; region++)
            {
                var p = Math.Clamp(probabilities[region][voxel], Least, 1 - Least);
                any |= p > 0.5f;
                odds[region] = MathF.Log(p / (1 - p));
            }

            // Without a probable region no label can score above 0.
            if (any)
            {
                result[voxel] = Best(labels, members, odds);
            }
        }

        return result;
    }

    private static byte Best(byte[] labels, int[][] members, float[] odds)
    {
        var (best, score) = ((byte)0, 0f);
        for (var n = 0; n < labels.Length; n++)
        {
            var sum = 0f;
            foreach (var region in members[n])
            {
                sum += odds[region];
            }

            (best, score) = sum > score ? (labels[n], sum) : (best, score);
        }

        return best;
    }
}
