using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>
/// How well the foregrounds of two volumes on one grid lie on each other. Measured on public volumes: pairs that lie on
/// each other reach 0.970 (whole heads, T1 and FLAIR, 16 people) and 0.979 (stripped brains, 9 pairs) or more; pairs
/// whose headers disagree reach 0.796 to 0.949 (7 people). The plan's least overlap is meant for the gap between;
/// <see cref="Quality.Alignment"/> says what else is asked.
/// </summary>
public static class Overlap
{
    private const int Bins = 256;

    // Between air and tissue: Otsu's threshold parts fluid from tissue in bright images, so only a part of it is used.
    private const float OtsuPart = 0.3f;

    /// <summary>
    /// Foreground of a stripped brain or a whole head: voxels above a low threshold between air and tissue, holes
    /// filled along all three axes.
    /// </summary>
    public static bool[] Foreground(Volume volume)
    {
        var threshold = Threshold(volume.Voxels);
        var inside = new bool[volume.Voxels.Length];
        for (var n = 0; n < inside.Length; n++)
        {
            inside[n] = volume.Voxels[n] > threshold;
        }

        Fill(inside, volume.Shape);
        return inside;
    }

    /// <summary>Adds voxels that have foreground on both sides along every axis: bone, air cells, dark fluid.</summary>
    private static void Fill(bool[] inside, VolumeShape shape)
    {
        var enclosed = new byte[inside.Length];
        ReadOnlySpan<int> sizes = [shape.I, shape.J, shape.K];
        ReadOnlySpan<int> strides = [shape.J * shape.K, shape.K, 1];
        for (var axis = 0; axis < 3; axis++)
        {
            var (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
            for (var a = 0; a < sizes[u]; a++)
            {
                for (var b = 0; b < sizes[v]; b++)
                {
                    var start = (a * strides[u]) + (b * strides[v]);
                    int first = 0, last = sizes[axis] - 1;
                    while (first <= last && !inside[start + (first * strides[axis])])
                    {
                        first++;
                    }

                    while (last > first && !inside[start + (last * strides[axis])])
                    {
                        last--;
                    }

                    for (var n = first; n <= last; n++)
                    {
                        enclosed[start + (n * strides[axis])]++;
                    }
                }
            }
        }

        for (var n = 0; n < inside.Length; n++)
        {
            inside[n] |= enclosed[n] == 3;
        }
    }

    /// <summary>Dice of two foregrounds over the voxels that both fields of view cover (null: all); 0 when either is empty there.</summary>
    public static double Dice(bool[] a, bool[] b, bool[]? covered)
    {
        long both = 0, inA = 0, inB = 0;
        for (var n = 0; n < a.Length; n++)
        {
            if (covered is null || covered[n])
            {
                inA += a[n] ? 1 : 0;
                inB += b[n] ? 1 : 0;
                both += a[n] && b[n] ? 1 : 0;
            }
        }

        return inA == 0 || inB == 0 ? 0 : 2.0 * both / (inA + inB);
    }

    /// <summary>A part of Otsu's threshold over the voxels above 0, intensities cut at the 99th percentile of those.</summary>
    private static float Threshold(float[] voxels)
    {
        var (positive, count) = (new float[voxels.Length], 0);
        foreach (var value in voxels)
        {
            if (value > 0)
            {
                positive[count++] = value;
            }
        }

        if (count == 0)
        {
            return 0;
        }

        var top = (float)Percentiles.Of(positive.AsSpan(0, count), 99);
        var counts = new long[Bins];
        foreach (var value in voxels)
        {
            counts[Math.Clamp((int)(value / top * (Bins - 1)), 0, Bins - 1)]++;
        }

        double total = 0, sum = 0;
        for (var n = 0; n < Bins; n++)
        {
            total += counts[n];
            sum += (double)n * counts[n];
        }

        var (best, at) = (-1.0, 0);
        double below = 0, sumBelow = 0;
        for (var n = 0; n < Bins - 1; n++)
        {
            below += counts[n];
            sumBelow += (double)n * counts[n];
            var above = total - below;
            if (below == 0 || above == 0)
            {
                continue;
            }

            var difference = (sumBelow / below) - ((sum - sumBelow) / above);
            var between = below * above * difference * difference;
            if (between > best)
            {
                (best, at) = (between, n);
            }
        }

        return (at + 1f) / (Bins - 1) * top * OtsuPart;
    }
}
