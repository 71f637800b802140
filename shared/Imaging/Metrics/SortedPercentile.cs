namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>Percentiles of sorted numbers in double.</summary>
public static class SortedPercentile
{
    /// <summary>Linear between ranks, rank percent/100·(n−1) (numpy's and torch's default method).</summary>
    /// <param name="ascending">At least one, sorted.</param>
    /// <param name="percent">0..100.</param>
    public static double Of(ReadOnlySpan<double> ascending, double percent)
    {
        ArgumentOutOfRangeException.ThrowIfZero(ascending.Length);
        if (!(percent >= 0 && percent <= 100))
        {
            throw new ArgumentOutOfRangeException(nameof(percent), percent, "A percentile lies in 0..100.");
        }

        var rank = percent / 100 * (ascending.Length - 1);
        var lower = (int)rank;
        var t = rank - lower;
        if (t == 0)
        {
            return ascending[lower];
        }

        double a = ascending[lower], b = ascending[lower + 1];
        return t >= 0.5 ? b - ((b - a) * (1 - t)) : a + ((b - a) * t);
    }
}
