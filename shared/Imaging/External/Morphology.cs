using System.Numerics;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>
/// Operations on binary volumes with balls as structuring elements: squared Euclidean distances, axis by axis, exact up
/// to the radius. Voxels are cubes; radii are in voxels.
/// </summary>
internal static class Morphology
{
    private const float Far = 1e9f;

    /// <summary>Voxels within a radius of the set.</summary>
    public static bool[] Dilate(bool[] set, VolumeShape shape, double radius)
    {
        var distances = SquaredDistances(set, shape, radius);
        return Array.ConvertAll(distances, d => d <= radius * radius);
    }

    /// <summary>Voxels farther than a radius from everything outside the set; beyond the border everything counts as set.</summary>
    public static bool[] Erode(bool[] set, VolumeShape shape, double radius)
    {
        var distances = SquaredDistances(Array.ConvertAll(set, s => !s), shape, radius);
        return Array.ConvertAll(distances, d => d > radius * radius);
    }

    /// <summary>Fills gaps narrower than twice the radius. Balls may reach beyond the border, so pad where that matters.</summary>
    public static bool[] Close(bool[] set, VolumeShape shape, double radius) => Erode(Dilate(set, shape, radius), shape, radius);

    /// <summary>Removes what a ball of the radius does not fit into.</summary>
    public static bool[] Open(bool[] set, VolumeShape shape, double radius) => Dilate(Erode(set, shape, radius), shape, radius);

    /// <summary>Adds cavities that are not connected to the border.</summary>
    public static bool[] FillHoles(bool[] set, VolumeShape shape)
    {
        var outside = new bool[set.Length];
        var queue = new Queue<int>();
        for (var n = 0; n < set.Length; n++)
        {
            if (!set[n] && IsBorder(n, shape))
            {
                outside[n] = true;
                queue.Enqueue(n);
            }
        }

        Flood(queue, shape, n => !set[n] && !outside[n] && (outside[n] = true));
        return Array.ConvertAll(outside, o => !o);
    }

    /// <summary>The 6-connected component that holds most voxels of a seed set; empty when none touches it.</summary>
    public static bool[] Component(bool[] set, bool[] seeds, VolumeShape shape)
    {
        var labels = new int[set.Length];
        var (best, most, next) = (0, 0, 0);
        for (var n = 0; n < set.Length; n++)
        {
            if (!set[n] || labels[n] != 0)
            {
                continue;
            }

            var label = ++next;
            labels[n] = label;
            var count = seeds[n] ? 1 : 0;
            var queue = new Queue<int>([n]);
            Flood(queue, shape, m =>
            {
                if (!set[m] || labels[m] != 0)
                {
                    return false;
                }

                labels[m] = label;
                count += seeds[m] ? 1 : 0;
                return true;
            });
            (best, most) = count > most ? (label, count) : (best, most);
        }

        return Array.ConvertAll(labels, l => l != 0 && l == best);
    }

    private static void Flood(Queue<int> queue, VolumeShape shape, Func<int, bool> enter)
    {
        int strideI = shape.J * shape.K, strideJ = shape.K;
        while (queue.TryDequeue(out var n))
        {
            int i = n / strideI, j = n / strideJ % shape.J, k = n % shape.K;
            Try(i > 0, n - strideI);
            Try(i < shape.I - 1, n + strideI);
            Try(j > 0, n - strideJ);
            Try(j < shape.J - 1, n + strideJ);
            Try(k > 0, n - 1);
            Try(k < shape.K - 1, n + 1);
        }

        void Try(bool inside, int m)
        {
            if (inside && enter(m))
            {
                queue.Enqueue(m);
            }
        }
    }

    private static bool IsBorder(int n, VolumeShape shape)
    {
        int i = n / (shape.J * shape.K), j = n / shape.K % shape.J, k = n % shape.K;
        return i == 0 || j == 0 || k == 0 || i == shape.I - 1 || j == shape.J - 1 || k == shape.K - 1;
    }

    /// <summary>Squared distance of each voxel to the set; exact up to the radius, larger than its square beyond.</summary>
    private static float[] SquaredDistances(bool[] set, VolumeShape shape, double radius)
    {
        var reach = (int)Math.Floor(radius);
        var squared = Array.ConvertAll(set, s => s ? 0f : Far);
        Pass(squared, shape.K, 1, shape.J, shape.K, shape.I, shape.J * shape.K, reach);
        Pass(squared, shape.J, shape.K, shape.K, 1, shape.I, shape.J * shape.K, reach);
        Pass(squared, shape.I, shape.J * shape.K, shape.K, 1, shape.J, shape.K, reach);
        return squared;
    }

    /// <summary>One dimension: for radii of some voxels, looking at all neighbours in reach beats the envelope of parabolas.</summary>
    private static void Pass(float[] squared, int length, int stride, int countA, int strideA, int countB, int strideB, int reach)
    {
        Parallel.For(0, countB, b =>
        {
            var (line, best) = (new float[length], new float[length]);
            for (var a = 0; a < countA; a++)
            {
                var start = (a * strideA) + (b * strideB);
                var any = false;
                for (var n = 0; n < length; n++)
                {
                    line[n] = squared[start + (n * stride)];
                    any |= line[n] < Far;
                }

                if (!any)
                {
                    continue;
                }

                line.CopyTo(best, 0);
                for (var offset = 1; offset <= reach && offset < length; offset++)
                {
                    float square = offset * offset;
                    Lower(best.AsSpan(0, length - offset), line.AsSpan(offset), square);
                    Lower(best.AsSpan(offset), line.AsSpan(0, length - offset), square);
                }

                for (var n = 0; n < length; n++)
                {
                    squared[start + (n * stride)] = best[n];
                }
            }
        });
    }

    /// <summary>target[n] = min(target[n], source[n] + add).</summary>
    private static void Lower(Span<float> target, ReadOnlySpan<float> source, float add)
    {
        var n = 0;
        for (; n <= target.Length - Vector<float>.Count; n += Vector<float>.Count)
        {
            Vector.Min(new Vector<float>(target[n..]), new Vector<float>(source[n..]) + new Vector<float>(add)).CopyTo(target[n..]);
        }

        for (; n < target.Length; n++)
        {
            target[n] = Math.Min(target[n], source[n] + add);
        }
    }
}
