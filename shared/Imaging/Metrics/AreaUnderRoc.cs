namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>
/// Area under the receiver operating characteristic: the chance that a positive scores above a negative, ties counted
/// half (Mann and Whitney). Exact for any number of ties.
/// </summary>
public static class AreaUnderRoc
{
    /// <param name="scores">Larger means more likely positive; no NaN.</param>
    /// <param name="truth">True class of each score.</param>
    /// <returns>0..1; NaN when only one class occurs.</returns>
    public static double Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> truth)
    {
        if (scores.Length != truth.Length)
        {
            throw new ArgumentException($"{scores.Length} scores and {truth.Length} labels cannot be compared.", nameof(truth));
        }

        var sorted = scores.ToArray();
        var labels = truth.ToArray();
        Array.Sort(sorted, labels);
        if (sorted.Length > 0 && double.IsNaN(sorted[0]))
        {
            throw new ArgumentException("A score is not a number.", nameof(scores));
        }

        // Twice the number of ordered pairs, so that half a tie is a whole number.
        long twice = 0, positives = 0, negatives = 0;
        for (var start = 0; start < sorted.Length;)
        {
            var end = start;
            long tied = 0;
            while (end < sorted.Length && sorted[end] == sorted[start])
            {
                tied += labels[end++] ? 1 : 0;
            }

            var negativesTied = end - start - tied;
            twice += tied * ((2 * negatives) + negativesTied);
            positives += tied;
            negatives += negativesTied;
            start = end;
        }

        return positives == 0 || negatives == 0 ? double.NaN : twice / (2.0 * positives * negatives);
    }

    /// <summary>Several classes, each against the rest.</summary>
    /// <param name="scores">[cases, classes], C order; no NaN.</param>
    /// <param name="truth">True class of each case, 0..classes − 1.</param>
    /// <param name="classes">At least 2.</param>
    /// <param name="average">Micro pools all (case, class) decisions.</param>
    /// <param name="absent">What a class without a positive or a negative does to the mean.</param>
    public static double OneVersusRest(ReadOnlySpan<double> scores, ReadOnlySpan<int> truth, int classes, ClassAverage average, AbsentClass absent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        if (scores.Length != (long)truth.Length * classes)
        {
            throw new ArgumentException($"{scores.Length} scores are not {truth.Length} cases of {classes} classes.", nameof(scores));
        }

        var isClass = new bool[scores.Length];
        for (var n = 0; n < truth.Length; n++)
        {
            if ((uint)truth[n] >= classes)
            {
                throw new ArgumentException($"Case {n} has the class {truth[n]}; there are {classes}.", nameof(truth));
            }

            isClass[(n * classes) + truth[n]] = true;
        }

        if (average == ClassAverage.Micro)
        {
            return Of(scores, isClass);
        }

        var (values, weights) = (new double[classes], new double[classes]);
        var (column, labels) = (new double[truth.Length], new bool[truth.Length]);
        for (var which = 0; which < classes; which++)
        {
            for (var n = 0; n < truth.Length; n++)
            {
                (column[n], labels[n]) = (scores[(n * classes) + which], isClass[(n * classes) + which]);
            }

            values[which] = Of(column, labels);
            weights[which] = average == ClassAverage.Macro ? 1 : labels.AsSpan().Count(true);
        }

        return ClassMean.Of(values, weights, absent);
    }
}
