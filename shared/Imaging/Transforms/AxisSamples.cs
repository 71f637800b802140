namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>
/// Where the positions of one axis of a grid fall on one axis of a source: two neighbours and the part of the second.
/// Positions outside count as the nearest inside.
/// </summary>
internal sealed class AxisSamples
{
    private AxisSamples(int count)
    {
        (Low, High, Part, Inside) = (new int[count], new int[count], new double[count], new bool[count]);
    }

    public int[] Low { get; }

    public int[] High { get; }

    public double[] Part { get; }

    /// <summary>Whether the position itself lies within the source, give or take <see cref="Resampling.Slack"/>.</summary>
    public bool[] Inside { get; }

    public int Count => Low.Length;

    /// <param name="step">Source voxels from one position to the next.</param>
    /// <param name="start">Source position of position 0.</param>
    public static AxisSamples Of(int count, double step, double start, int size)
    {
        var samples = new AxisSamples(count);
        for (var n = 0; n < count; n++)
        {
            var position = (step * n) + start;
            samples.Inside[n] = position >= -Resampling.Slack && position <= size - 1 + Resampling.Slack;
            position = Math.Clamp(position, 0, size - 1);
            samples.Low[n] = (int)position;
            samples.High[n] = Math.Min((int)position + 1, size - 1);
            samples.Part[n] = position - (int)position;
        }

        return samples;
    }

    /// <summary>First and one past the last position inside; they have no gap, because positions go one way.</summary>
    public (int Start, int End) Range()
    {
        var start = Array.IndexOf(Inside, true);
        return start < 0 ? (0, 0) : (start, Array.LastIndexOf(Inside, true) + 1);
    }
}
