using System.Numerics;
using System.Runtime.CompilerServices;

namespace BrainMVP.Federated.Networks.Kernels;

/// <summary>
/// Depth-wise convolution of kernel 3 or 5, stride 1, zero-padded to the same size, on grids whose channels lie
/// together: [B, D, H, W, C]. Vectors run along the channels; four neighbouring outputs along W share what they load.
/// Weights are [taps, C] with the taps in the order of the kernel's axes.
/// </summary>
internal static unsafe class DepthwiseKernel
{
    private const int Block = 4;

    private static int Lanes => Vector<float>.Count;

    /// <summary>Whether a kernel of this side is implemented.</summary>
    public static bool Supports(long side) => side is 3 or 5;

    /// <param name="x">Input, [B, D, H, W, C].</param>
    /// <param name="weight">[side³, C].</param>
    /// <param name="bias">[C] or null.</param>
    /// <param name="y">Output, same shape as the input, not the same memory.</param>
    /// <param name="size">B, D, H, W, C.</param>
    /// <param name="side">3 or 5.</param>
    public static void Convolve(float* x, float* weight, float* bias, float* y, GridSize size, int side) =>
        TensorMemory.For(size.Batch * size.Depth, slice =>
        {
            for (var h = 0; h < size.Height; h++)
            {
                var row = new Row(size, side, slice / size.Depth, slice % size.Depth, h);
                var c = 0;
                for (; c + Lanes <= size.Channels; c += Lanes)
                {
                    ConvolveRow(x + c, weight + c, bias == null ? null : bias + c, y + c, size, row);
                }

                if (c < size.Channels && size.Channels >= Lanes)
                {
                    // The last vector overlaps the one before and writes the same values again.
                    c = size.Channels - Lanes;
                    ConvolveRow(x + c, weight + c, bias == null ? null : bias + c, y + c, size, row);
                }
                else if (c < size.Channels)
                {
                    ConvolveFew(x, weight, bias, y, size, row);
                }
            }
        });

    /// <summary>Gradients of weight and bias.</summary>
    /// <param name="x">Input of the convolution.</param>
    /// <param name="g">Gradient of its output.</param>
    /// <param name="weight">[side³, C], overwritten.</param>
    /// <param name="bias">[C], overwritten.</param>
    /// <param name="size">B, D, H, W, C.</param>
    /// <param name="side">3 or 5.</param>
    public static void WeightGradient(float* x, float* g, float* weight, float* bias, GridSize size, int side)
    {
        // One row more for the bias. Each piece sums on its own; the pieces are added in order.
        var taps = (side * side * side) + 1;
        var stride = (size.Channels + Lanes - 1) / Lanes * Lanes;
        var sums = new float[TensorMemory.Pieces][];
        TensorMemory.For(TensorMemory.Pieces, piece =>
        {
            var sum = new float[taps * stride];
            sums[piece] = sum;
            var (first, last) = TensorMemory.Piece((long)size.Batch * size.Depth * size.Height, piece);
            fixed (float* target = sum)
            {
                for (var line = first; line < last; line++)
                {
                    var row = new Row(size, side, (int)(line / size.Height / size.Depth), (int)(line / size.Height % size.Depth), (int)(line % size.Height));
                    if (size.Channels < Lanes)
                    {
                        GradientFew(x, g, target, stride, size, row);
                        continue;
                    }

                    for (var c = 0; c < size.Channels; c += Lanes)
                    {
                        // The last vector overlaps the one before; its sums lie behind the others' and are moved below.
                        var from = Math.Min(c, size.Channels - Lanes);
                        GradientRow(x + from, g + from, target + c, stride, size, row);
                    }
                }
            }
        });

        var used = size.Channels / Lanes * Lanes;
        for (var tap = 0; tap < taps; tap++)
        {
            var target = tap < taps - 1 ? weight + ((long)tap * size.Channels) : bias;
            for (var c = 0; c < size.Channels; c++)
            {
                var position = c < used || size.Channels < Lanes ? c : used + Lanes - (size.Channels - c);
                var total = 0f;
                foreach (var sum in sums)
                {
                    total += sum[(tap * stride) + position];
                }

                target[c] = total;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ConvolveRow(float* x, float* weight, float* bias, float* y, GridSize size, in Row row)
    {
        var (c, margin) = (size.Channels, row.Side / 2);
        var start = bias == null ? Vector<float>.Zero : Vector.Load(bias);
        var target = y + row.Offset(row.D, row.H);
        for (var w = 0; w < size.Width; w += Block)
        {
            var inside = w >= margin && w + Block + margin <= size.Width;
            Vector<float> a0 = start, a1 = start, a2 = start, a3 = start;
            for (var kd = row.FirstD; kd < row.LastD; kd++)
            {
                for (var kh = row.FirstH; kh < row.LastH; kh++)
                {
                    var source = x + row.Offset(row.D + kd - margin, row.H + kh - margin) + ((long)(w - margin) * c);
                    var taps = weight + ((long)((kd * row.Side) + kh) * row.Side * c);
                    var (k0, k1, k2) = (Vector.Load(taps), Vector.Load(taps + c), Vector.Load(taps + (2 * c)));
                    if (row.Side == 3)
                    {
                        Vector<float> v0, v1, v2, v3, v4, v5;
                        if (inside)
                        {
                            (v0, v1, v2) = (Vector.Load(source), Vector.Load(source + c), Vector.Load(source + (2 * c)));
                            (v3, v4, v5) = (Vector.Load(source + (3 * c)), Vector.Load(source + (4 * c)), Vector.Load(source + (5 * c)));
                        }
                        else
                        {
                            (v0, v1, v2) = (Edge(source, 0, w - 1, size), Edge(source, 1, w - 1, size), Edge(source, 2, w - 1, size));
                            (v3, v4, v5) = (Edge(source, 3, w - 1, size), Edge(source, 4, w - 1, size), Edge(source, 5, w - 1, size));
                        }

                        a0 = Add(v2, k2, Add(v1, k1, Add(v0, k0, a0)));
                        a1 = Add(v3, k2, Add(v2, k1, Add(v1, k0, a1)));
                        a2 = Add(v4, k2, Add(v3, k1, Add(v2, k0, a2)));
                        a3 = Add(v5, k2, Add(v4, k1, Add(v3, k0, a3)));
                        continue;
                    }

                    var (k3, k4) = (Vector.Load(taps + (3 * c)), Vector.Load(taps + (4 * c)));
                    var v = inside ? Vector.Load(source) : Edge(source, 0, w - 2, size);
                    a0 = Add(v, k0, a0);
                    v = inside ? Vector.Load(source + c) : Edge(source, 1, w - 2, size);
                    a0 = Add(v, k1, a0);
                    a1 = Add(v, k0, a1);
                    v = inside ? Vector.Load(source + (2 * c)) : Edge(source, 2, w - 2, size);
                    a0 = Add(v, k2, a0);
                    a1 = Add(v, k1, a1);
                    a2 = Add(v, k0, a2);
                    v = inside ? Vector.Load(source + (3 * c)) : Edge(source, 3, w - 2, size);
                    a0 = Add(v, k3, a0);
                    a1 = Add(v, k2, a1);
                    a2 = Add(v, k1, a2);
                    a3 = Add(v, k0, a3);
                    v = inside ? Vector.Load(source + (4 * c)) : Edge(source, 4, w - 2, size);
                    a0 = Add(v, k4, a0);
                    a1 = Add(v, k3, a1);
                    a2 = Add(v, k2, a2);
                    a3 = Add(v, k1, a3);
                    v = inside ? Vector.Load(source + (5 * c)) : Edge(source, 5, w - 2, size);
                    a1 = Add(v, k4, a1);
                    a2 = Add(v, k3, a2);
                    a3 = Add(v, k2, a3);
                    v = inside ? Vector.Load(source + (6 * c)) : Edge(source, 6, w - 2, size);
                    a2 = Add(v, k4, a2);
                    a3 = Add(v, k3, a3);
                    v = inside ? Vector.Load(source + (7 * c)) : Edge(source, 7, w - 2, size);
                    a3 = Add(v, k4, a3);
                }
            }

            var output = target + ((long)w * c);
            a0.Store(output);
            if (w + 1 < size.Width)
            {
                a1.Store(output + c);
            }

            if (w + 2 < size.Width)
            {
                a2.Store(output + (2 * c));
            }

            if (w + 3 < size.Width)
            {
                a3.Store(output + (3 * c));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GradientRow(float* x, float* g, float* sums, int stride, GridSize size, in Row row)
    {
        var (c, margin) = (size.Channels, row.Side / 2);
        var upstream = g + row.Offset(row.D, row.H);
        for (var kd = row.FirstD; kd < row.LastD; kd++)
        {
            for (var kh = row.FirstH; kh < row.LastH; kh++)
            {
                var source = x + row.Offset(row.D + kd - margin, row.H + kh - margin) - ((long)margin * c);

                // Two sums a tap: one would wait for its own last addition.
                Vector<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default;
                Vector<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default;
                for (var w = 0; w < size.Width; w += Block)
                {
                    var inside = w >= margin && w + Block + margin <= size.Width;
                    var s = source + ((long)w * c);
                    var u = upstream + ((long)w * c);
                    var g0 = Vector.Load(u);
                    var g1 = w + 1 < size.Width ? Vector.Load(u + c) : default;
                    var g2 = w + 2 < size.Width ? Vector.Load(u + (2 * c)) : default;
                    var g3 = w + 3 < size.Width ? Vector.Load(u + (3 * c)) : default;
                    var v = inside ? Vector.Load(s) : Edge(s, 0, w - margin, size);
                    a0 = Add(v, g0, a0);
                    v = inside ? Vector.Load(s + c) : Edge(s, 1, w - margin, size);
                    b0 = Add(v, g1, b0);
                    a1 = Add(v, g0, a1);
                    v = inside ? Vector.Load(s + (2 * c)) : Edge(s, 2, w - margin, size);
                    a0 = Add(v, g2, a0);
                    b1 = Add(v, g1, b1);
                    a2 = Add(v, g0, a2);
                    v = inside ? Vector.Load(s + (3 * c)) : Edge(s, 3, w - margin, size);
                    b0 = Add(v, g3, b0);
                    a1 = Add(v, g2, a1);
                    b2 = Add(v, g1, b2);
                    if (row.Side == 3)
                    {
                        v = inside ? Vector.Load(s + (4 * c)) : Edge(s, 4, w - margin, size);
                        b1 = Add(v, g3, b1);
                        a2 = Add(v, g2, a2);
                        v = inside ? Vector.Load(s + (5 * c)) : Edge(s, 5, w - margin, size);
                        b2 = Add(v, g3, b2);
                        continue;
                    }

                    a3 = Add(v, g0, a3);
                    v = inside ? Vector.Load(s + (4 * c)) : Edge(s, 4, w - margin, size);
                    b1 = Add(v, g3, b1);
                    a2 = Add(v, g2, a2);
                    b3 = Add(v, g1, b3);
                    a4 = Add(v, g0, a4);
                    v = inside ? Vector.Load(s + (5 * c)) : Edge(s, 5, w - margin, size);
                    b2 = Add(v, g3, b2);
                    a3 = Add(v, g2, a3);
                    b4 = Add(v, g1, b4);
                    v = inside ? Vector.Load(s + (6 * c)) : Edge(s, 6, w - margin, size);
                    b3 = Add(v, g3, b3);
                    a4 = Add(v, g2, a4);
                    v = inside ? Vector.Load(s + (7 * c)) : Edge(s, 7, w - margin, size);
                    b4 = Add(v, g3, b4);
                }

                var target = sums + ((long)((kd * row.Side) + kh) * row.Side * stride);
                (Vector.Load(target) + (a0 + b0)).Store(target);
                (Vector.Load(target + stride) + (a1 + b1)).Store(target + stride);
                (Vector.Load(target + (2 * stride)) + (a2 + b2)).Store(target + (2 * stride));
                if (row.Side == 5)
                {
                    (Vector.Load(target + (3 * stride)) + (a3 + b3)).Store(target + (3 * stride));
                    (Vector.Load(target + (4 * stride)) + (a4 + b4)).Store(target + (4 * stride));
                }
            }
        }

        var total = Vector<float>.Zero;
        for (var w = 0; w < size.Width; w++)
        {
            total += Vector.Load(upstream + ((long)w * c));
        }

        var shift = sums + ((long)row.Side * row.Side * row.Side * stride);
        (Vector.Load(shift) + total).Store(shift);
    }

    /// <summary>Fewer channels than a vector has lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ConvolveFew(float* x, float* weight, float* bias, float* y, GridSize size, in Row row)
    {
        var (c, margin) = (size.Channels, row.Side / 2);
        for (var w = 0; w < size.Width; w++)
        {
            for (var channel = 0; channel < c; channel++)
            {
                var sum = bias == null ? 0 : bias[channel];
                for (var kd = row.FirstD; kd < row.LastD; kd++)
                {
                    for (var kh = row.FirstH; kh < row.LastH; kh++)
                    {
                        for (var kw = Math.Max(0, margin - w); kw < Math.Min(row.Side, size.Width + margin - w); kw++)
                        {
                            sum += x[row.Offset(row.D + kd - margin, row.H + kh - margin) + ((w + kw - margin) * c) + channel]
                                * weight[(((((kd * row.Side) + kh) * row.Side) + kw) * c) + channel];
                        }
                    }
                }

                y[row.Offset(row.D, row.H) + (w * c) + channel] = sum;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GradientFew(float* x, float* g, float* sums, int stride, GridSize size, in Row row)
    {
        var (c, margin) = (size.Channels, row.Side / 2);
        var upstream = g + row.Offset(row.D, row.H);
        for (var w = 0; w < size.Width; w++)
        {
            for (var channel = 0; channel < c; channel++)
            {
                var value = upstream[(w * c) + channel];
                for (var kd = row.FirstD; kd < row.LastD; kd++)
                {
                    for (var kh = row.FirstH; kh < row.LastH; kh++)
                    {
                        for (var kw = Math.Max(0, margin - w); kw < Math.Min(row.Side, size.Width + margin - w); kw++)
                        {
                            sums[(((((kd * row.Side) + kh) * row.Side) + kw) * stride) + channel] += value
                                * x[row.Offset(row.D + kd - margin, row.H + kh - margin) + ((w + kw - margin) * c) + channel];
                        }
                    }
                }

                sums[(row.Side * row.Side * row.Side * stride) + channel] += value;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Add(Vector<float> a, Vector<float> b, Vector<float> sum) => Vector.MultiplyAddEstimate(a, b, sum);

    /// <summary>The j-th position of a window that begins at column first; zero outside of the grid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Edge(float* window, int j, int first, GridSize size) =>
        (uint)(first + j) < (uint)size.Width ? Vector.Load(window + ((long)j * size.Channels)) : Vector<float>.Zero;

    /// <summary>One row of outputs along W and the kernel offsets that stay inside the grid in the other two axes.</summary>
    private readonly struct Row
    {
        private readonly GridSize _size;
        private readonly int _batch;

        public Row(GridSize size, int side, int batch, int d, int h)
        {
            var margin = side / 2;
            (_size, _batch, Side, D, H) = (size, batch, side, d, h);
            (FirstD, LastD) = (Math.Max(0, margin - d), Math.Min(side, size.Depth + margin - d));
            (FirstH, LastH) = (Math.Max(0, margin - h), Math.Min(side, size.Height + margin - h));
        }

        public int Side { get; }

        public int D { get; }

        public int H { get; }

        public int FirstD { get; }

        public int LastD { get; }

        public int FirstH { get; }

        public int LastH { get; }

        public long Offset(int d, int h) => (((((long)_batch * _size.Depth) + d) * _size.Height) + h) * _size.Width * _size.Channels;
    }
}

/// <summary>Sizes of a grid [B, D, H, W, C].</summary>
internal readonly record struct GridSize(int Batch, int Depth, int Height, int Width, int Channels)
{
    public static GridSize Of(TorchSharp.torch.Tensor grid) =>
        new((int)grid.shape[0], (int)grid.shape[1], (int)grid.shape[2], (int)grid.shape[3], (int)grid.shape[4]);
}
