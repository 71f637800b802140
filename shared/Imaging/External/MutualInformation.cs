namespace BrainMVP.Federated.Imaging.External;

/// <summary>
/// Normalised mutual information of two images, (H(A) + H(B)) / H(A, B) (Studholme, Hill and Hawkes 1999): 1 when one
/// says nothing about the other, 2 when each determines the other. Higher after a registration than before it.
/// </summary>
internal static class MutualInformation
{
    private const int Bins = 64;

    /// <param name="a">One image.</param>
    /// <param name="b">The other, on the same grid.</param>
    /// <param name="where">Voxels that count; null for all.</param>
    public static double Normalised(float[] a, float[] b, bool[]? where)
    {
        var (binA, binB) = (Binning(a, where), Binning(b, where));
        var joint = new long[Bins * Bins];
        long total = 0;
        for (var n = 0; n < a.Length; n++)
        {
            if (where is null || where[n])
            {
                joint[(binA(a[n]) * Bins) + binB(b[n])]++;
                total++;
            }
        }

        if (total == 0)
        {
            return 1;
        }

        var (ofA, ofB) = (new long[Bins], new long[Bins]);
        for (var n = 0; n < joint.Length; n++)
        {
            ofA[n / Bins] += joint[n];
            ofB[n % Bins] += joint[n];
        }

        var both = Entropy(joint, total);
        return both == 0 ? 1 : (Entropy(ofA, total) + Entropy(ofB, total)) / both;
    }

    /// <summary>Equal bins up to the highest value; the brightest hundredth shares the last one.</summary>
    private static Func<float, int> Binning(float[] values, bool[]? where)
    {
        var sorted = values.Where((_, n) => n % 17 == 0 && (where is null || where[n])).Order().ToArray();
        if (sorted.Length == 0)
        {
            return _ => 0;
        }

        var (low, high) = (sorted[0], sorted[(int)(0.99 * (sorted.Length - 1))]);
        var scale = high > low ? (Bins - 1) / (high - low) : 0;
        return v => Math.Clamp((int)((v - low) * scale), 0, Bins - 1);
    }

    private static double Entropy(long[] counts, long total)
    {
        var sum = 0.0;
        foreach (var count in counts)
        {
            sum -= count == 0 ? 0 : (double)count / total * Math.Log((double)count / total);
        }

        return sum;
    }
}
