using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>
/// Intensities relative to what brain tissue has nearby: a receive field is far smoother than anatomy, so a wide
/// Gaussian mean over tissue deep in the brain follows it and continues it outwards.
/// </summary>
internal static class EvenIntensities
{
    /// <summary>Standard deviation of the mean, in voxels of 1 mm.</summary>
    private const double Width = 25;

    /// <summary>Side of the blocks that the mean is taken over.</summary>
    private const int Block = 4;

    /// <summary>Voxels over the local mean; null when the core holds too few voxels above 0.</summary>
    /// <param name="voxels">Voxels of 1 mm.</param>
    /// <param name="core">Surely brain.</param>
    /// <param name="shape">Of both.</param>
    public static float[]? Of(float[] voxels, bool[] core, VolumeShape shape)
    {
        var inCore = voxels.Where((v, n) => core[n] && v > 0).ToArray();
        if (inCore.Length < 1000)
        {
            return null;
        }

        var median = (float)Percentiles.Of(inCore, 50);
        var blocks = new VolumeShape(Blocks(shape.I), Blocks(shape.J), Blocks(shape.K));
        var (sums, weights) = (new double[blocks.Count], new double[blocks.Count]);
        ForEach(shape, (n, i, j, k) =>
        {
            if (core[n] && voxels[n] > 0.6f * median && voxels[n] < 1.5f * median)
            {
                var at = ((((i / Block) * blocks.J) + (j / Block)) * blocks.K) + (k / Block);
                sums[at] += voxels[n];
                weights[at]++;
            }
        });
        Smooth(sums, blocks);
        Smooth(weights, blocks);
        var field = new Volume(blocks, Affine.Identity, new float[blocks.Count]);
        for (var n = 0; n < sums.Length; n++)
        {
            // Far from all tissue the mean of the whole core takes over.
            field.Voxels[n] = (float)((sums[n] + (1e-4 * median)) / (weights[n] + 1e-4));
        }

        var relative = new float[voxels.Length];
        ForEach(shape, (n, i, j, k) => relative[n] = voxels[n] / Resampling.Trilinear(field, Place(i), Place(j), Place(k)));
        return relative;

        static int Blocks(int voxels) => (voxels + Block - 1) / Block;

        static double Place(int voxel) => ((voxel + 0.5) / Block) - 0.5;
    }

    private static void ForEach(VolumeShape shape, Action<int, int, int, int> visit)
    {
        var n = 0;
        for (var i = 0; i < shape.I; i++)
        {
            for (var j = 0; j < shape.J; j++)
            {
                for (var k = 0; k < shape.K; k++, n++)
                {
                    visit(n, i, j, k);
                }
            }
        }
    }

    private static void Smooth(double[] values, VolumeShape shape)
    {
        const double sigma = Width / Block;
        var kernel = Enumerable.Range(0, (int)(4 * sigma)).Select(n => Math.Exp(-n * n / (2 * sigma * sigma))).ToArray();
        ReadOnlySpan<int> sizes = [shape.I, shape.J, shape.K];
        ReadOnlySpan<int> strides = [shape.J * shape.K, shape.K, 1];
        for (var axis = 0; axis < 3; axis++)
        {
            var (size, stride) = (sizes[axis], strides[axis]);
            var line = new double[size];
            for (var start = 0; start < values.Length; start++)
            {
                if (start / stride % size != 0)
                {
                    continue;
                }

                for (var n = 0; n < size; n++)
                {
                    line[n] = values[start + (n * stride)];
                }

                for (var n = 0; n < size; n++)
                {
                    var sum = 0.0;
                    for (var m = Math.Max(0, n - kernel.Length + 1); m < Math.Min(size, n + kernel.Length); m++)
                    {
                        sum += line[m] * kernel[Math.Abs(n - m)];
                    }

                    values[start + (n * stride)] = sum;
                }
            }
        }
    }
}
