using System.Numerics;
using System.Runtime.InteropServices;

namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>
/// Mean structural similarity of two volumes scaled to 0..1 (Wang, Bovik, Sheikh, Simoncelli; IEEE Transactions on
/// Image Processing 13, 2004) with a uniform window: the window, constants and covariances are the defaults of
/// skimage.metrics.structural_similarity with data range 1.
/// </summary>
public static class StructuralSimilarity
{
    /// <summary>Side of the cubic window, voxels.</summary>
    public const int Window = 7;

    private const double C1 = 0.01 * 0.01;
    private const double C2 = 0.03 * 0.03;

    /// <summary>Sums over a window: x, y, x², y², xy.</summary>
    private const int Moments = 5;

    /// <summary>
    /// Mean over all positions at which the window lies inside. Window sums run along each axis, adding what enters and
    /// subtracting what leaves, so the time does not depend on the window's size.
    /// </summary>
    /// <param name="first">C-order.</param>
    /// <param name="second">The same shape, finite.</param>
    /// <param name="shape">Three sides of at least <see cref="Window"/> voxels.</param>
    /// <returns>−1..1; 1 for equal volumes.</returns>
    public static double Mean(ReadOnlySpan<float> first, ReadOnlySpan<float> second, IReadOnlyList<int> shape)
    {
        if (shape.Count != 3 || shape.Min() < Window || first.Length != shape[0] * shape[1] * shape[2] || second.Length != first.Length)
        {
            throw new ArgumentException($"Two volumes of {first.Length} and {second.Length} voxels do not have the shape [{string.Join(", ", shape)}] with sides of at least {Window}.", nameof(shape));
        }

        var (rows, columns) = (shape[1], shape[2]);
        var (inRows, inColumns) = (rows - Window + 1, columns - Window + 1);
        var line = Moments * inColumns;
        var lines = new double[rows * line];
        var sums = new double[inRows * line];
        var planes = new double[Window * sums.Length];
        var similarities = new double[inColumns];
        var total = 0.0;
        for (var plane = 0; plane < shape[0]; plane++)
        {
            for (var row = 0; row < rows; row++)
            {
                var at = ((plane * rows) + row) * columns;
                AlongLine(first.Slice(at, columns), second.Slice(at, columns), lines.AsSpan(row * line, line));
            }

            // Zero before the window is full; afterwards the plane that leaves it.
            var slot = planes.AsSpan(plane % Window * sums.Length, sums.Length);
            Subtract(sums, slot);
            AcrossLines(lines, line, slot);
            Add(sums, slot);
            for (var row = 0; row < inRows && plane >= Window - 1; row++)
            {
                Similarities(sums.AsSpan(row * line, line), similarities);
                foreach (var similarity in similarities)
                {
                    total += similarity;
                }
            }
        }

        return Math.Clamp(total / ((double)(shape[0] - Window + 1) * inRows * inColumns), -1, 1);
    }

    /// <summary>Sums over windows along one line of voxels; the moments one after the other.</summary>
    private static void AlongLine(ReadOnlySpan<float> first, ReadOnlySpan<float> second, Span<double> sums)
    {
        var n = sums.Length / Moments;
        double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
        for (var i = 0; i < first.Length; i++)
        {
            double a = first[i], b = second[i];
            double dx = a, dy = b, dxx = a * a, dyy = b * b, dxy = a * b;
            if (i >= Window)
            {
                double c = first[i - Window], d = second[i - Window];
                (dx, dy, dxx, dyy, dxy) = (dx - c, dy - d, dxx - (c * c), dyy - (d * d), dxy - (c * d));
            }

            (x, y, xx, yy, xy) = (x + dx, y + dy, xx + dxx, yy + dyy, xy + dxy);
            var at = i - Window + 1;
            if (at >= 0)
            {
                (sums[at], sums[at + n], sums[at + (2 * n)], sums[at + (3 * n)], sums[at + (4 * n)]) = (x, y, xx, yy, xy);
            }
        }
    }

    /// <summary>Sums over windows of lines of one plane.</summary>
    private static void AcrossLines(ReadOnlySpan<double> lines, int line, Span<double> plane)
    {
        var current = plane[..line];
        current.Clear();
        for (var row = 0; row < Window; row++)
        {
            Add(current, lines.Slice(row * line, line));
        }

        for (var row = 1; row < plane.Length / line; row++)
        {
            var next = plane.Slice(row * line, line);
            current.CopyTo(next);
            Subtract(next, lines.Slice((row - 1) * line, line));
            Add(next, lines.Slice((row + Window - 1) * line, line));
            current = next;
        }
    }

    /// <summary>Similarities at the positions of one line from their window sums.</summary>
    private static void Similarities(ReadOnlySpan<double> sums, Span<double> results)
    {
        var n = results.Length;
        var x = sums[..n];
        var y = sums.Slice(n, n);
        var xx = sums.Slice(2 * n, n);
        var yy = sums.Slice(3 * n, n);
        var xy = sums.Slice(4 * n, n);
        var i = 0;
        for (; i <= n - Vector<double>.Count; i += Vector<double>.Count)
        {
            Similarity(new(x[i..]), new(y[i..]), new(xx[i..]), new(yy[i..]), new(xy[i..])).CopyTo(results[i..]);
        }

        for (; i < n; i++)
        {
            results[i] = Similarity(new(x[i]), new(y[i]), new(xx[i]), new(yy[i]), new Vector<double>(xy[i]))[0];
        }
    }

    private static Vector<double> Similarity(Vector<double> x, Vector<double> y, Vector<double> xx, Vector<double> yy, Vector<double> xy)
    {
        const double Count = Window * Window * Window;
        var ux = x / Count;
        var uy = y / Count;

        // Sample covariances: divided by N − 1. Rounding must not make a variance negative.
        var vx = Vector.Max((xx - (ux * x)) / (Count - 1), Vector<double>.Zero);
        var vy = Vector.Max((yy - (uy * y)) / (Count - 1), Vector<double>.Zero);
        var vxy = (xy - (ux * y)) / (Count - 1);
        var c1 = new Vector<double>(C1);
        var c2 = new Vector<double>(C2);
        var numerator = ((2 * ux * uy) + c1) * ((2 * vxy) + c2);
        var denominator = ((ux * ux) + (uy * uy) + c1) * (vx + vy + c2);
        return numerator / denominator;
    }

    private static void Add(Span<double> sums, ReadOnlySpan<double> terms)
    {
        var a = MemoryMarshal.Cast<double, Vector<double>>(sums);
        var b = MemoryMarshal.Cast<double, Vector<double>>(terms);
        for (var i = 0; i < a.Length; i++)
        {
            a[i] += b[i];
        }

        for (var i = a.Length * Vector<double>.Count; i < sums.Length; i++)
        {
            sums[i] += terms[i];
        }
    }

    private static void Subtract(Span<double> sums, ReadOnlySpan<double> terms)
    {
        var a = MemoryMarshal.Cast<double, Vector<double>>(sums);
        var b = MemoryMarshal.Cast<double, Vector<double>>(terms);
        for (var i = 0; i < a.Length; i++)
        {
            a[i] -= b[i];
        }

        for (var i = a.Length * Vector<double>.Count; i < sums.Length; i++)
        {
            sums[i] -= terms[i];
        }
    }
}
