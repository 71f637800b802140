using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>An estimate and the interval between two percentiles of its bootstrap replicates.</summary>
/// <param name="Estimate">Statistic of the data themselves.</param>
/// <param name="Lower">Lower end; NaN when no replicate is defined.</param>
/// <param name="Upper">Upper end.</param>
/// <param name="Undefined">Replicates whose statistic was NaN (for example one class only); they are left out.</param>
public readonly record struct BootstrapInterval(double Estimate, double Lower, double Upper, int Undefined);

/// <summary>A statistic of resampled units: indices with repetition.</summary>
public delegate double UnitStatistic(ReadOnlySpan<int> units);

/// <summary>A statistic of resampled rows (seeds, runs) and columns (cases): indices with repetition.</summary>
public delegate double CrossedStatistic(ReadOnlySpan<int> rows, ReadOnlySpan<int> columns);

/// <summary>
/// Percentile bootstrap (Efron): resample with replacement, take the (1 − confidence)/2 percentiles from both ends.
/// Same stream, same interval. NaN values of cases are left out of means, as <see cref="MetricMean"/> does.
/// </summary>
/// <param name="random">Stream of this analysis; successive intervals take successive numbers.</param>
/// <param name="replicates">At least 1.</param>
/// <param name="confidence">In (0, 1).</param>
public sealed class Bootstrap(CounterRandom random, int replicates = 10_000, double confidence = 0.95)
{
    private readonly int _replicates = replicates >= 1 ? replicates : throw new ArgumentOutOfRangeException(nameof(replicates));
    private readonly double _confidence = confidence is > 0 and < 1 ? confidence : throw new ArgumentOutOfRangeException(nameof(confidence));

    /// <summary>Plain variant: units (cases, subjects) are resampled for any statistic, such as the area under a curve.</summary>
    /// <param name="count">Number of units, at least 1.</param>
    public BootstrapInterval Of(int count, UnitStatistic statistic)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var units = Identity(count);
        var estimate = statistic(units);
        return Collect(estimate, () =>
        {
            Draw(units, count);
            return statistic(units);
        });
    }

    /// <summary>Mean over cases.</summary>
    public BootstrapInterval Mean(double[] values) => Of(values.Length, units => MeanOf(values, units));

    /// <summary>
    /// Paired variant: mean difference first − second of two methods on the same cases; a replicate draws cases, never
    /// the two values of a case apart. A case that is NaN for either method is left out for both.
    /// </summary>
    public BootstrapInterval MeanDifference(double[] first, double[] second) => Mean(Differences(first, second));

    /// <summary>
    /// Hierarchical variant, crossed: every seed was evaluated on the same cases. A replicate draws seeds and, apart
    /// from them, cases; all drawn seeds share the drawn cases (Owen, "The pigeonhole bootstrap", 2007).
    /// </summary>
    /// <param name="rows">Seeds (runs), at least 1.</param>
    /// <param name="columns">Cases, at least 1.</param>
    public BootstrapInterval Crossed(int rows, int columns, CrossedStatistic statistic)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        var (r, c) = (Identity(rows), Identity(columns));
        var estimate = statistic(r, c);
        return Collect(estimate, () =>
        {
            Draw(r, rows);
            Draw(c, columns);
            return statistic(r, c);
        });
    }

    /// <summary>Crossed variant of the mean.</summary>
    /// <param name="values">For each seed one value a case, as many for every seed.</param>
    public BootstrapInterval CrossedMean(IReadOnlyList<double[]> values)
    {
        var columns = Columns(values);
        return Crossed(values.Count, columns, (rows, cases) =>
        {
            var (sum, count) = (0.0, 0);
            foreach (var row in rows)
            {
                foreach (var at in cases)
                {
                    var value = values[row][at];
                    (sum, count) = double.IsNaN(value) ? (sum, count) : (sum + value, count + 1);
                }
            }

            return count == 0 ? double.NaN : sum / count;
        });
    }

    /// <summary>Crossed and paired: both methods were run with the same seeds on the same cases.</summary>
    public BootstrapInterval CrossedMeanDifference(IReadOnlyList<double[]> first, IReadOnlyList<double[]> second)
    {
        if (first.Count != second.Count)
        {
            throw new ArgumentException($"{first.Count} and {second.Count} seeds are not pairs.", nameof(second));
        }

        var differences = new double[first.Count][];
        for (var n = 0; n < differences.Length; n++)
        {
            differences[n] = Differences(first[n], second[n]);
        }

        return CrossedMean(differences);
    }

    /// <summary>
    /// Hierarchical variant, nested: cases belong to one group (hospital, fold) each. A replicate draws groups, then
    /// cases inside every drawn group; the statistic is the mean of the groups' means.
    /// </summary>
    /// <param name="groups">For each group one value a case, at least one case each.</param>
    public BootstrapInterval NestedMean(IReadOnlyList<double[]> groups)
    {
        ArgumentOutOfRangeException.ThrowIfZero(groups.Count);
        var (means, drawn) = (new double[groups.Count], Identity(groups.Count));
        for (var n = 0; n < means.Length; n++)
        {
            means[n] = MeanOf(groups[n], Identity(groups[n].Length));
        }

        return Collect(MeanOf(means, drawn), () =>
        {
            Draw(drawn, groups.Count);
            for (var n = 0; n < means.Length; n++)
            {
                var values = groups[drawn[n]];
                var units = new int[values.Length];
                Draw(units, values.Length);
                means[n] = MeanOf(values, units);
            }

            return MeanOf(means, Identity(means.Length));
        });
    }

    private BootstrapInterval Collect(double estimate, Func<double> replicate)
    {
        var values = new double[_replicates];
        var defined = 0;
        for (var n = 0; n < _replicates; n++)
        {
            var value = replicate();
            if (!double.IsNaN(value))
            {
                values[defined++] = value;
            }
        }

        if (defined == 0)
        {
            return new BootstrapInterval(estimate, double.NaN, double.NaN, _replicates);
        }

        var sorted = values.AsSpan(0, defined);
        sorted.Sort();
        var tail = 50 * (1 - _confidence);
        return new BootstrapInterval(estimate, SortedPercentile.Of(sorted, tail), SortedPercentile.Of(sorted, 100 - tail), _replicates - defined);
    }

    private void Draw(int[] units, int bound)
    {
        foreach (ref var unit in units.AsSpan())
        {
            unit = random.NextInt32(bound);
        }
    }

    private static int[] Identity(int count)
    {
        var units = new int[count];
        for (var n = 0; n < count; n++)
        {
            units[n] = n;
        }

        return units;
    }

    private static double MeanOf(double[] values, ReadOnlySpan<int> units)
    {
        var (sum, count) = (0.0, 0);
        foreach (var unit in units)
        {
            (sum, count) = double.IsNaN(values[unit]) ? (sum, count) : (sum + values[unit], count + 1);
        }

        return count == 0 ? double.NaN : sum / count;
    }

    private static double[] Differences(double[] first, double[] second)
    {
        if (first.Length != second.Length)
        {
            throw new ArgumentException($"{first.Length} and {second.Length} values are not pairs.", nameof(second));
        }

        var differences = new double[first.Length];
        for (var n = 0; n < differences.Length; n++)
        {
            differences[n] = first[n] - second[n];
        }

        return differences;
    }

    private static int Columns(IReadOnlyList<double[]> values)
    {
        var columns = values.Count == 0 ? 0 : values[0].Length;
        foreach (var row in values)
        {
            if (row.Length != columns)
            {
                throw new ArgumentException($"Rows of {columns} and {row.Length} values are not a table.", nameof(values));
            }
        }

        return columns;
    }
}
