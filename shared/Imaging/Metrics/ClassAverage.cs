namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>How one-vs-rest values of several classes become one number. Papers differ: name the variant beside the number.</summary>
public enum ClassAverage
{
    /// <summary>Every class counts alike.</summary>
    Macro,

    /// <summary>Classes count by their number of true cases.</summary>
    Weighted,

    /// <summary>All one-vs-rest decisions are pooled first.</summary>
    Micro,
}

/// <summary>What a class whose own value is undefined (it does not occur) does to a macro or weighted mean.</summary>
public enum AbsentClass
{
    /// <summary>The mean is NaN (MONAI 1.4.0, area under the curve).</summary>
    Undefined,

    /// <summary>Left out.</summary>
    Excluded,

    /// <summary>Counts as 0 (scikit-learn, F1 over a fixed list of classes: what papers mostly print).</summary>
    Zero,
}

/// <summary>Means over classes.</summary>
internal static class ClassMean
{
    /// <param name="values">One value a class, NaN where it is undefined.</param>
    /// <param name="weights">One weight a class, at least 0; a class of weight 0 has no say, even if it is undefined.</param>
    public static double Of(ReadOnlySpan<double> values, ReadOnlySpan<double> weights, AbsentClass absent)
    {
        var (sum, total) = (0.0, 0.0);
        for (var n = 0; n < values.Length; n++)
        {
            var value = values[n];
            if (weights[n] == 0 || (double.IsNaN(value) && absent == AbsentClass.Excluded))
            {
                continue;
            }

            sum += weights[n] * (double.IsNaN(value) && absent == AbsentClass.Zero ? 0 : value);
            total += weights[n];
        }

        return total == 0 ? double.NaN : sum / total;
    }
}
