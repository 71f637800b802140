namespace BrainMVP.Federated.Imaging.Volumes;

/// <summary>
/// Voxel indices (i, j, k) to world millimetres along R, A, S: the upper three rows of a 4x4 matrix whose last row is
/// 0 0 0 1. <c>Mrc</c> is row r, column c; column 3 is the position of voxel (0, 0, 0).
/// </summary>
public readonly record struct Affine(
    double M00, double M01, double M02, double M03,
    double M10, double M11, double M12, double M13,
    double M20, double M21, double M22, double M23)
{
    public static Affine Identity { get; } = new(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

    /// <param name="row">0..2.</param>
    /// <param name="column">0..3.</param>
    public double this[int row, int column] => ((row * 4) + column) switch
    {
        0 => M00,
        1 => M01,
        2 => M02,
        3 => M03,
        4 => M10,
        5 => M11,
        6 => M12,
        7 => M13,
        8 => M20,
        9 => M21,
        10 => M22,
        11 => M23,
        _ => throw new ArgumentOutOfRangeException(nameof(row)),
    };

    /// <summary>Axis-aligned affine.</summary>
    public static Affine Scaling(double x, double y, double z, double tx = 0, double ty = 0, double tz = 0) =>
        new(x, 0, 0, tx, 0, y, 0, ty, 0, 0, z, tz);

    /// <param name="values">Twelve numbers, row by row.</param>
    public static Affine FromRows(ReadOnlySpan<double> values) => new(
        values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7], values[8], values[9], values[10], values[11]);

    /// <summary>Twelve numbers, row by row.</summary>
    public double[] ToRows() => [M00, M01, M02, M03, M10, M11, M12, M13, M20, M21, M22, M23];

    /// <summary>First <paramref name="right"/>, then <paramref name="left"/>.</summary>
    public static Affine operator *(Affine left, Affine right)
    {
        Span<double> r = stackalloc double[12];
        for (var row = 0; row < 3; row++)
        {
            for (var column = 0; column < 4; column++)
            {
                r[(row * 4) + column] = (left[row, 0] * right[0, column]) + (left[row, 1] * right[1, column])
                    + (left[row, 2] * right[2, column]) + (column == 3 ? left[row, 3] : 0);
            }
        }

        return FromRows(r);
    }

    /// <summary>Determinant of the 3x3 part.</summary>
    public double Determinant =>
        (M00 * ((M11 * M22) - (M12 * M21))) - (M01 * ((M10 * M22) - (M12 * M20))) + (M02 * ((M10 * M21) - (M11 * M20)));

    /// <summary>True when every number is finite and the 3x3 part can be inverted.</summary>
    public bool IsInvertible
    {
        get
        {
            foreach (var value in ToRows())
            {
                if (!double.IsFinite(value))
                {
                    return false;
                }
            }

            var (x, y, z) = Spacing;
            return Math.Abs(Determinant) > 1e-9 * x * y * z && x * y * z > 0;
        }
    }

    /// <exception cref="InvalidOperationException">The matrix is singular; check <see cref="IsInvertible"/> first.</exception>
    public Affine Inverse()
    {
        var d = Determinant;
        if (d == 0 || !double.IsFinite(d))
        {
            throw new InvalidOperationException("The affine is singular.");
        }

        double a = ((M11 * M22) - (M12 * M21)) / d, b = ((M02 * M21) - (M01 * M22)) / d, c = ((M01 * M12) - (M02 * M11)) / d;
        double e = ((M12 * M20) - (M10 * M22)) / d, f = ((M00 * M22) - (M02 * M20)) / d, g = ((M02 * M10) - (M00 * M12)) / d;
        double h = ((M10 * M21) - (M11 * M20)) / d, i = ((M01 * M20) - (M00 * M21)) / d, j = ((M00 * M11) - (M01 * M10)) / d;
        return new Affine(
            a, b, c, -((a * M03) + (b * M13) + (c * M23)),
            e, f, g, -((e * M03) + (f * M13) + (g * M23)),
            h, i, j, -((h * M03) + (i * M13) + (j * M23)));
    }

    public (double X, double Y, double Z) Apply(double i, double j, double k) => (
        (M00 * i) + (M01 * j) + (M02 * k) + M03,
        (M10 * i) + (M11 * j) + (M12 * k) + M13,
        (M20 * i) + (M21 * j) + (M22 * k) + M23);

    /// <summary>Voxel sizes: Euclidean norms of the columns, millimetres.</summary>
    public (double X, double Y, double Z) Spacing => (
        Math.Sqrt((M00 * M00) + (M10 * M10) + (M20 * M20)),
        Math.Sqrt((M01 * M01) + (M11 * M11) + (M21 * M21)),
        Math.Sqrt((M02 * M02) + (M12 * M12) + (M22 * M22)));

    /// <summary>The same axes with voxel (i, j, k) as the new origin.</summary>
    public Affine MovedTo(double i, double j, double k)
    {
        var (x, y, z) = Apply(i, j, k);
        return this with { M03 = x, M13 = y, M23 = z };
    }

    /// <summary>Element-wise |a - b| ≤ absolute + relative·|b|.</summary>
    public bool IsClose(Affine other, double absolute, double relative = 1e-5)
    {
        var (a, b) = (ToRows(), other.ToRows());
        for (var n = 0; n < a.Length; n++)
        {
            if (!(Math.Abs(a[n] - b[n]) <= absolute + (relative * Math.Abs(b[n]))))
            {
                return false;
            }
        }

        return true;
    }
}
