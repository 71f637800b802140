namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>
/// The four counts of a yes/no decision and the ratios made of them. A ratio whose denominator is 0 is NaN.
/// </summary>
public readonly record struct BinaryConfusion(long TruePositives, long FalsePositives, long TrueNegatives, long FalseNegatives)
{
    public static BinaryConfusion From(ReadOnlySpan<bool> predicted, ReadOnlySpan<bool> truth)
    {
        if (predicted.Length != truth.Length)
        {
            throw new ArgumentException($"{predicted.Length} predictions and {truth.Length} labels cannot be compared.", nameof(truth));
        }

        long tp = 0, fp = 0, tn = 0, fn = 0;
        for (var n = 0; n < truth.Length; n++)
        {
            switch (predicted[n], truth[n])
            {
                case (true, true):
                    tp++;
                    break;
                case (true, false):
                    fp++;
                    break;
                case (false, false):
                    tn++;
                    break;
                default:
                    fn++;
                    break;
            }
        }

        return new BinaryConfusion(tp, fp, tn, fn);
    }

    public long Count => TruePositives + FalsePositives + TrueNegatives + FalseNegatives;

    /// <summary>(tp + tn) / all.</summary>
    public double Accuracy => Ratio(TruePositives + TrueNegatives, Count);

    /// <summary>tp / (tp + fp), positive predictive value.</summary>
    public double Precision => Ratio(TruePositives, TruePositives + FalsePositives);

    /// <summary>tp / (tp + fn), sensitivity.</summary>
    public double Recall => Ratio(TruePositives, TruePositives + FalseNegatives);

    /// <summary>tn / (tn + fp).</summary>
    public double Specificity => Ratio(TrueNegatives, TrueNegatives + FalsePositives);

    /// <summary>2·tp / (2·tp + fn + fp).</summary>
    public double F1 => Ratio(2 * TruePositives, (2 * TruePositives) + FalseNegatives + FalsePositives);

    public static BinaryConfusion operator +(BinaryConfusion left, BinaryConfusion right) => new(
        left.TruePositives + right.TruePositives,
        left.FalsePositives + right.FalsePositives,
        left.TrueNegatives + right.TrueNegatives,
        left.FalseNegatives + right.FalseNegatives);

    private static double Ratio(long part, long whole) => whole == 0 ? double.NaN : (double)part / whole;
}
