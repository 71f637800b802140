using System.Numerics;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>
/// Averages overlapping window predictions: Σ w·p / Σ w in float, as MONAI 1.4.0 sums them. Windows are added in their
/// order and no other, so the result has the same bits every time. Holds (channels + 1) floats a voxel of the padded
/// image.
/// </summary>
public sealed class WindowAccumulator
{
    private readonly SlidingWindows _windows;
    private readonly int _channels;
    private readonly float[] _weights;
    private readonly float[] _sum;
    private readonly float[] _weightSum;

    /// <param name="windows">The windows that will be added.</param>
    /// <param name="channels">Channels of a prediction, at least 1.</param>
    /// <param name="weights">One weight a voxel of a window, above 0 (<see cref="ImportanceMap"/>).</param>
    /// <exception cref="ArgumentException">The weights do not fit a window, or the sums do not fit one array.</exception>
    public WindowAccumulator(SlidingWindows windows, int channels, float[] weights)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        if (weights.Length != windows.Roi.Count)
        {
            throw new ArgumentException($"{weights.Length} weights do not fill a window of {windows.Roi}.", nameof(weights));
        }

        if (windows.Padded.Count * channels > Array.MaxLength)
        {
            throw new ArgumentException($"{channels} channels of {windows.Padded} do not fit into one array.", nameof(channels));
        }

        (_windows, _channels, _weights) = (windows, channels, weights);
        _sum = new float[windows.Padded.Count * channels];
        _weightSum = new float[windows.Padded.Count];
    }

    /// <summary>The window that must be added next; the number of windows when all are in.</summary>
    public int Next { get; private set; }

    /// <summary>Adds the prediction for the window <see cref="Next"/>.</summary>
    /// <param name="prediction">[channels, roi I, roi J, roi K], C order.</param>
    /// <exception cref="InvalidOperationException">All windows are in.</exception>
    public void Add(ReadOnlySpan<float> prediction)
    {
        if (prediction.Length != _weights.Length * _channels)
        {
            throw new ArgumentException($"{prediction.Length} values are not {_channels} channels of {_windows.Roi}.", nameof(prediction));
        }

        if (Next == _windows.Boxes.Count)
        {
            throw new InvalidOperationException("All windows have been added.");
        }

        var (box, roi, padded) = (_windows.Boxes[Next], _windows.Roi, _windows.Padded);
        Next++;
        for (var i = 0; i < roi.I; i++)
        {
            for (var j = 0; j < roi.J; j++)
            {
                var from = ((i * roi.J) + j) * roi.K;
                var to = ((((i + box.I0) * padded.J) + j + box.J0) * padded.K) + box.K0;
                var weights = _weights.AsSpan(from, roi.K);
                Add(_weightSum.AsSpan(to, roi.K), weights);
                for (var channel = 0; channel < _channels; channel++)
                {
                    AddProducts(_sum.AsSpan(to + (channel * _weightSum.Length), roi.K), weights, prediction.Slice(from + (channel * _weights.Length), roi.K));
                }
            }
        }
    }

    /// <summary>The averages, with the padding cut away.</summary>
    /// <returns>[channels, I, J, K] of the image, C order.</returns>
    /// <exception cref="InvalidOperationException">A window is missing.</exception>
    public float[] Result()
    {
        if (Next != _windows.Boxes.Count)
        {
            throw new InvalidOperationException($"{Next} of {_windows.Boxes.Count} windows have been added.");
        }

        var (image, before, padded) = (_windows.Image, _windows.Before, _windows.Padded);
        var result = new float[image.Count * _channels];
        var next = 0;
        for (var channel = 0; channel < _channels; channel++)
        {
            for (var i = 0; i < image.I; i++)
            {
                for (var j = 0; j < image.J; j++)
                {
                    var at = ((((i + before.I) * padded.J) + j + before.J) * padded.K) + before.K;
                    for (var k = 0; k < image.K; k++, at++)
                    {
                        result[next++] = _sum[(channel * _weightSum.Length) + at] / _weightSum[at];
                    }
                }
            }
        }

        return result;
    }

    private static void Add(Span<float> sums, ReadOnlySpan<float> values)
    {
        var n = 0;
        for (; n <= sums.Length - Vector<float>.Count; n += Vector<float>.Count)
        {
            (new Vector<float>(sums[n..]) + new Vector<float>(values[n..])).CopyTo(sums[n..]);
        }

        for (; n < sums.Length; n++)
        {
            sums[n] += values[n];
        }
    }

    /// <summary>Two roundings a voxel, never one fused: the same bits on every processor and for every vector length.</summary>
    private static void AddProducts(Span<float> sums, ReadOnlySpan<float> weights, ReadOnlySpan<float> values)
    {
        var n = 0;
        for (; n <= sums.Length - Vector<float>.Count; n += Vector<float>.Count)
        {
            var products = new Vector<float>(weights[n..]) * new Vector<float>(values[n..]);
            (new Vector<float>(sums[n..]) + products).CopyTo(sums[n..]);
        }

        for (; n < sums.Length; n++)
        {
            var product = weights[n] * values[n];
            sums[n] += product;
        }
    }
}
