namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>How often each class was taken for each other.</summary>
public sealed class ConfusionMatrix
{
    private readonly long[] _counts;

    private ConfusionMatrix(int classes) => (Classes, _counts) = (classes, new long[classes * classes]);

    /// <param name="predicted">Class of each case, 0..classes − 1.</param>
    /// <param name="truth">True class of each case.</param>
    /// <param name="classes">At least 2.</param>
    /// <exception cref="ArgumentException">Different lengths or a class out of range.</exception>
    public static ConfusionMatrix From(ReadOnlySpan<int> predicted, ReadOnlySpan<int> truth, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        if (predicted.Length != truth.Length)
        {
            throw new ArgumentException($"{predicted.Length} predictions and {truth.Length} labels cannot be compared.", nameof(truth));
        }

        var matrix = new ConfusionMatrix(classes);
        for (var n = 0; n < truth.Length; n++)
        {
            if ((uint)predicted[n] >= classes || (uint)truth[n] >= classes)
            {
                throw new ArgumentException($"Case {n} has the classes {truth[n]} and {predicted[n]} (predicted); there are {classes}.", nameof(truth));
            }

            matrix._counts[(truth[n] * classes) + predicted[n]]++;
        }

        return matrix;
    }

    public int Classes { get; }

    public long this[int truth, int predicted] => _counts[(truth * Classes) + predicted];

    /// <summary>Share of cases whose class was found; NaN without a case.</summary>
    public double Accuracy
    {
        get
        {
            var (right, all) = (0L, 0L);
            for (var truth = 0; truth < Classes; truth++)
            {
                right += this[truth, truth];
                all += Support(truth);
            }

            return all == 0 ? double.NaN : (double)right / all;
        }
    }

    /// <summary>Number of cases whose true class this is.</summary>
    public long Support(int truth)
    {
        var sum = 0L;
        for (var predicted = 0; predicted < Classes; predicted++)
        {
            sum += this[truth, predicted];
        }

        return sum;
    }

    /// <summary>Counts of one class against all others.</summary>
    public BinaryConfusion OneVersusRest(int which)
    {
        var (all, predictedAs) = (0L, 0L);
        for (var n = 0; n < Classes; n++)
        {
            all += Support(n);
            predictedAs += this[n, which];
        }

        var right = this[which, which];
        var missed = Support(which) - right;
        return new BinaryConfusion(right, predictedAs - right, all - predictedAs - missed, missed);
    }

    /// <summary>2·tp / (2·tp + fn + fp); micro is the accuracy.</summary>
    public double F1(ClassAverage average, AbsentClass absent) => Average(c => c.F1, average, absent);

    public double Precision(ClassAverage average, AbsentClass absent) => Average(c => c.Precision, average, absent);

    /// <summary>Macro is the balanced accuracy.</summary>
    public double Recall(ClassAverage average, AbsentClass absent) => Average(c => c.Recall, average, absent);

    /// <summary>Any one-vs-rest value, averaged.</summary>
    public double Average(Func<BinaryConfusion, double> value, ClassAverage average, AbsentClass absent)
    {
        if (average == ClassAverage.Micro)
        {
            var pooled = default(BinaryConfusion);
            for (var n = 0; n < Classes; n++)
            {
                pooled += OneVersusRest(n);
            }

            return value(pooled);
        }

        var (values, weights) = (new double[Classes], new double[Classes]);
        for (var n = 0; n < Classes; n++)
        {
            values[n] = value(OneVersusRest(n));
            weights[n] = average == ClassAverage.Macro ? 1 : Support(n);
        }

        return ClassMean.Of(values, weights, absent);
    }
}
