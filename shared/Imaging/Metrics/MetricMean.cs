namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>A mean of defined values and how many there were; 0 where there was none, so look at the count first.</summary>
public readonly record struct MetricMean(double Value, int Count)
{
    /// <summary>Mean of the values that are not NaN.</summary>
    public static MetricMean Of(ReadOnlySpan<double> values)
    {
        var (sum, count) = (0.0, 0);
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
            {
                sum += value;
                count++;
            }
        }

        return new MetricMean(count == 0 ? 0 : sum / count, count);
    }

    /// <summary>
    /// Mean over the channels of each case, then over the cases that have a defined channel (MONAI 1.4.0 reduction
    /// "mean"). Not the mean of <see cref="PerChannel"/> where values are undefined.
    /// </summary>
    /// <param name="cases">For each case one value a channel.</param>
    /// <returns>The count is that of the cases.</returns>
    public static MetricMean OverCases(IReadOnlyList<double[]> cases)
    {
        var means = new double[cases.Count];
        for (var n = 0; n < means.Length; n++)
        {
            var mean = Of(cases[n]);
            means[n] = mean.Count == 0 ? double.NaN : mean.Value;
        }

        return Of(means);
    }

    /// <summary>Mean over the cases for each channel (MONAI 1.4.0 reduction "mean_batch").</summary>
    /// <param name="cases">For each case one value a channel, as many in every case.</param>
    public static MetricMean[] PerChannel(IReadOnlyList<double[]> cases)
    {
        var means = new MetricMean[cases.Count == 0 ? 0 : cases[0].Length];
        var column = new double[cases.Count];
        for (var channel = 0; channel < means.Length; channel++)
        {
            for (var n = 0; n < column.Length; n++)
            {
                column[n] = cases[n][channel];
            }

            means[channel] = Of(column);
        }

        return means;
    }
}
