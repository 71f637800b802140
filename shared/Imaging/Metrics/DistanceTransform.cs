using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Metrics;

/// <summary>
/// Exact Euclidean distance transform, axis by axis in time linear in the voxels: the lower envelope of parabolas of
/// Felzenszwalb and Huttenlocher ("Distance transforms of sampled functions", Theory of Computing 8, 2012) with one
/// voxel size a axis.
/// </summary>
public static class DistanceTransform
{
    /// <summary>Lines worked on together: the neighbours in one cache line of 64 bytes.</summary>
    private const int Together = 8;

    /// <summary>Squared distance of every voxel centre to the nearest marked one.</summary>
    /// <param name="marked">C order; at least one voxel marked, else every distance is infinite.</param>
    /// <param name="shape">Shape of the volume.</param>
    /// <param name="spacing">Voxel sizes, above 0; distances are in their unit.</param>
    public static double[] Squared(ReadOnlySpan<bool> marked, VolumeShape shape, (double I, double J, double K) spacing)
    {
        if (marked.Length != shape.Count)
        {
            throw new ArgumentException($"{marked.Length} voxels do not fill {shape}.", nameof(marked));
        }

        if (!(spacing is { I: > 0, J: > 0, K: > 0 } && double.IsFinite(spacing.I + spacing.J + spacing.K)))
        {
            throw new ArgumentOutOfRangeException(nameof(spacing), spacing, "Voxel sizes are finite and above 0.");
        }

        var squares = new double[marked.Length];
        for (var row = 0; row < squares.Length; row += shape.K)
        {
            AlongRow(marked.Slice(row, shape.K), squares.AsSpan(row, shape.K), spacing.K);
        }

        var plane = shape.J * shape.K;
        var envelope = new Envelope(Math.Max(shape.I, shape.J));
        for (var i = 0; i < shape.I; i++)
        {
            envelope.Lines(squares.AsSpan(i * plane, plane), shape.J, shape.K, shape.K, spacing.J);
        }

        for (var j = 0; j < shape.J && plane > 0; j++)
        {
            envelope.Lines(squares.AsSpan(j * shape.K), shape.I, plane, shape.K, spacing.I);
        }

        return squares;
    }

    /// <summary>Along the last axis the nearest mark is the last one seen from either side.</summary>
    private static void AlongRow(ReadOnlySpan<bool> marked, Span<double> squares, double spacing)
    {
        if (!marked.Contains(true))
        {
            squares.Fill(double.PositiveInfinity);
            return;
        }

        var steps = double.PositiveInfinity;
        for (var k = 0; k < squares.Length; k++)
        {
            steps = marked[k] ? 0 : steps + 1;
            squares[k] = steps;
        }

        steps = double.PositiveInfinity;
        for (var k = squares.Length - 1; k >= 0; k--)
        {
            steps = marked[k] ? 0 : steps + 1;
            var distance = spacing * Math.Min(squares[k], steps);
            squares[k] = distance * distance;
        }
    }

    /// <summary>Buffers for lines of up to a given length.</summary>
    private sealed class Envelope(int longest)
    {
        private readonly double[] _lines = new double[longest * Together];
        private readonly double[] _result = new double[longest * Together];
        private readonly int[] _vertex = new int[longest];
        private readonly double[] _from = new double[longest + 1];

        /// <summary>Adds one axis to the squared distances of neighbouring lines.</summary>
        /// <param name="squares">Starts with the first element of the first line.</param>
        /// <param name="length">Elements of a line.</param>
        /// <param name="stride">Distance of a line's elements.</param>
        /// <param name="count">Lines, each beginning one element after the other.</param>
        /// <param name="spacing">Voxel size along the line.</param>
        public void Lines(Span<double> squares, int length, int stride, int count, double spacing)
        {
            for (var first = 0; first < count; first += Together)
            {
                var lines = Math.Min(Together, count - first);
                var least = double.PositiveInfinity;
                for (var n = 0; n < length; n++)
                {
                    var source = squares.Slice((n * stride) + first, lines);
                    for (var line = 0; line < lines; line++)
                    {
                        _lines[(line * length) + n] = source[line];
                        least = Math.Min(least, source[line]);
                    }
                }

                if (double.IsPositiveInfinity(least))
                {
                    continue;
                }

                for (var line = 0; line < lines; line++)
                {
                    Line(_lines.AsSpan(line * length, length), _result.AsSpan(line * length, length), spacing);
                }

                for (var n = 0; n < length; n++)
                {
                    var target = squares.Slice((n * stride) + first, lines);
                    for (var line = 0; line < lines; line++)
                    {
                        target[line] = _result[(line * length) + n];
                    }
                }
            }
        }

        /// <summary>result[p] = min over q of line[q] + (spacing·(p − q))².</summary>
        private void Line(ReadOnlySpan<double> line, Span<double> result, double spacing)
        {
            // Parabolas of the envelope from left to right, each lowest from _from[n] on.
            var last = -1;
            var scale = spacing * spacing;
            for (var q = 0; q < line.Length; q++)
            {
                if (double.IsPositiveInfinity(line[q]))
                {
                    continue;
                }

                var crossing = double.NegativeInfinity;
                while (last >= 0)
                {
                    var v = _vertex[last];
                    crossing = (((line[q] - line[v]) / (scale * (q - v))) + q + v) / 2;
                    if (crossing > _from[last])
                    {
                        break;
                    }

                    last--;
                    crossing = double.NegativeInfinity;
                }

                last++;
                _vertex[last] = q;
                _from[last] = crossing;
            }

            if (last < 0)
            {
                result.Fill(double.PositiveInfinity);
                return;
            }

            _from[last + 1] = double.PositiveInfinity;
            var lowest = 0;
            for (var p = 0; p < result.Length; p++)
            {
                while (_from[lowest + 1] < p)
                {
                    lowest++;
                }

                var distance = spacing * (p - _vertex[lowest]);
                result[p] = line[_vertex[lowest]] + (distance * distance);
            }
        }
    }
}
