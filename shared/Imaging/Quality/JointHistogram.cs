namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>
/// Counts of pairs of intensities, and their normalised mutual information (H(A) + H(B)) / H(A, B) (Studholme, Hill and
/// Hawkes 1999): 1 for independent images, 2 when each determines the other.
/// </summary>
internal sealed class JointHistogram(int bins)
{
    private readonly int[] _counts = new int[bins * bins];
    private readonly double[] _a = new double[bins];
    private readonly double[] _b = new double[bins];

    public int Bins { get; } = bins;

    /// <param name="a">0..Bins - 1.</param>
    /// <param name="b">0..Bins - 1.</param>
    public void Add(int a, int b) => _counts[(a * Bins) + b]++;

    public void Clear() => Array.Clear(_counts);

    /// <returns>1 when nothing was counted or one image is constant.</returns>
    public double NormalisedMutualInformation()
    {
        Array.Clear(_a);
        Array.Clear(_b);
        long total = 0;
        double joint = 0;
        for (var a = 0; a < Bins; a++)
        {
            for (var b = 0; b < Bins; b++)
            {
                var count = _counts[(a * Bins) + b];
                if (count > 0)
                {
                    total += count;
                    _a[a] += count;
                    _b[b] += count;
                    joint += count * Math.Log(count);
                }
            }
        }

        // H = log n - (sum of c log c) / n.
        if (total == 0)
        {
            return 1;
        }

        var n = Math.Log(total);
        var (ha, hb, hab) = (n - (Weighted(_a) / total), n - (Weighted(_b) / total), n - (joint / total));
        return hab <= 1e-12 || ha <= 1e-12 || hb <= 1e-12 ? 1 : (ha + hb) / hab;
    }

    private static double Weighted(double[] counts)
    {
        var sum = 0.0;
        foreach (var count in counts)
        {
            sum += count > 0 ? count * Math.Log(count) : 0;
        }

        return sum;
    }
}
