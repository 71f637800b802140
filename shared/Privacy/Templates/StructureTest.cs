namespace BrainMVP.Federated.Privacy.Templates;

/// <summary>Result of <see cref="StructureTest"/>.</summary>
/// <param name="Correlation">Pearson correlation of template and mean volume inside the head.</param>
/// <param name="ShiftedPercentile99">99th percentile of the same correlation with shifted copies of the mean volume.</param>
/// <param name="Shifts">Shifted copies compared with.</param>
public sealed record StructureResult(double Correlation, double ShiftedPercentile99, int Shifts)
{
    /// <summary>The template follows the anatomy where it is, not merely any smooth brain-like pattern.</summary>
    public bool Passed => Correlation > ShiftedPercentile99;
}

/// <summary>
/// Evidence that a template learned anatomy: its correlation with its owners' mean volume inside the head must exceed
/// the 99th percentile of the correlations with 100 shifted copies of that volume. Shifts wrap around the canvas and
/// are at least 3 voxels long, so that smoothness alone does not pass.
/// </summary>
public static class StructureTest
{
    public const int ShiftCount = 100;
    private const int SmallestShift = 3;

    /// <param name="template">[R, A, S] row-major.</param>
    /// <param name="mean">Owners' mean volume on the same canvas.</param>
    /// <param name="head">True inside the head.</param>
    /// <param name="shape">Canvas sizes R, A, S.</param>
    /// <param name="seed">Seed of the shifts.</param>
    public static StructureResult Evaluate(ReadOnlySpan<float> template, ReadOnlySpan<float> mean, ReadOnlySpan<bool> head, IReadOnlyList<int> shape, ulong seed)
    {
        var random = new Contracts.Randomness.CounterRandom(seed, "structure-shifts");
        var correlations = new double[ShiftCount];
        for (var s = 0; s < ShiftCount; s++)
        {
            correlations[s] = Correlate(template, mean, head, shape, NextShift(random, shape));
        }

        Array.Sort(correlations);
        return new StructureResult(Correlate(template, mean, head, shape, (0, 0, 0)), Percentile(correlations, 0.99), ShiftCount);
    }

    private static (int R, int A, int S) NextShift(Contracts.Randomness.CounterRandom random, IReadOnlyList<int> shape)
    {
        while (true)
        {
            var shift = (R: random.NextInt32(shape[0]), A: random.NextInt32(shape[1]), S: random.NextInt32(shape[2]));
            var length = Math.Max(Wrapped(shift.R, shape[0]), Math.Max(Wrapped(shift.A, shape[1]), Wrapped(shift.S, shape[2])));
            if (length >= SmallestShift)
            {
                return shift;
            }
        }
    }

    private static int Wrapped(int shift, int size) => Math.Min(shift, size - shift);

    private static double Correlate(ReadOnlySpan<float> template, ReadOnlySpan<float> mean, ReadOnlySpan<bool> head, IReadOnlyList<int> shape, (int R, int A, int S) shift)
    {
        double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
        var index = 0;
        for (var r = 0; r < shape[0]; r++)
        {
            var row = (r + shift.R) % shape[0] * shape[1];
            for (var a = 0; a < shape[1]; a++)
            {
                var line = (row + ((a + shift.A) % shape[1])) * shape[2];
                for (var s = 0; s < shape[2]; s++, index++)
                {
                    if (!head[index])
                    {
                        continue;
                    }

                    double u = template[index];
                    double v = mean[line + ((s + shift.S) % shape[2])];
                    n++;
                    x += u;
                    y += v;
                    xx += u * u;
                    yy += v * v;
                    xy += u * v;
                }
            }
        }

        var varianceX = (n * xx) - (x * x);
        var varianceY = (n * yy) - (y * y);
        return varianceX <= 0 || varianceY <= 0 ? 0 : ((n * xy) - (x * y)) / Math.Sqrt(varianceX * varianceY);
    }

    private static double Percentile(double[] sorted, double p)
    {
        var rank = p * (sorted.Length - 1);
        var low = (int)Math.Floor(rank);
        var high = Math.Min(low + 1, sorted.Length - 1);
        return sorted[low] + ((rank - low) * (sorted[high] - sorted[low]));
    }
}
