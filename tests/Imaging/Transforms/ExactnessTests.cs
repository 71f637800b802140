using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Transforms;

/// <summary>Fast paths give the very bits of the plain loops they replace, written out here.</summary>
public sealed class ExactnessTests
{
    private static readonly int[][] Orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

    [Fact]
    public void Resampling_gives_the_bits_of_voxel_by_voxel_sampling_along_and_across_the_axes() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 7], Gen.Double[0.3, 3].Array[3], Gen.Bool, Gen.Bool, Gen.ULong).Sample((order, flips, steps, oblique, border, seed) =>
        {
            var random = new CounterRandom(seed, "resampling");
            var source = Noise(random, 2 + random.NextInt32(20), 2 + random.NextInt32(20), 2 + random.NextInt32(20));
            var rows = new double[12];
            for (var axis = 0; axis < 3; axis++)
            {
                rows[(Orders[order][axis] * 4) + axis] = (flips & (1 << axis)) == 0 ? steps[axis] : -steps[axis];
                rows[(axis * 4) + 3] = random.NextDouble(-5, 25);
                rows[(axis * 4) + random.NextInt32(3)] += oblique ? 0.03 : 0;
            }

            var affine = Affine.FromRows(rows);
            var shape = new VolumeShape(1 + random.NextInt32(20), 1 + random.NextInt32(20), 1 + random.NextInt32(30));
            var result = Resampling.To(source, shape, affine, border ? Outside.Border : Outside.Zero);
            var covered = Resampling.Coverage(source, result);
            for (var i = 0; i < shape.I; i++)
            {
                for (var j = 0; j < shape.J; j++)
                {
                    for (var k = 0; k < shape.K; k++)
                    {
                        var (x, y, z) = affine.Apply(i, j, k);
                        const double Slack = 1e-6;
                        var inside = x >= -Slack && x <= source.Shape.I - 1 + Slack && y >= -Slack && y <= source.Shape.J - 1 + Slack && z >= -Slack && z <= source.Shape.K - 1 + Slack;
                        Assert.Equal(inside, covered[result.Index(i, j, k)]);
                        Same(border || inside ? Resampling.Trilinear(source, x, y, z) : 0, result[i, j, k]);
                    }
                }
            }
        }, iter: 150);

    [Fact]
    public void Any_order_and_direction_of_axes_is_copied_voxel_by_voxel_at_sizes_around_a_block() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 7], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 40]).Sample((order, flips, a, b, c) =>
        {
            int[] size = [a, b, c];
            int[] stride = [b * c, c, 1];
            var source = Enumerable.Range(0, a * b * c).Select(n => (float)n).ToArray();
            var (first, strides) = (0, new int[3]);
            var shape = new VolumeShape(size[Orders[order][0]], size[Orders[order][1]], size[Orders[order][2]]);
            for (var axis = 0; axis < 3; axis++)
            {
                var flipped = (flips & (1 << axis)) != 0;
                strides[axis] = flipped ? -stride[Orders[order][axis]] : stride[Orders[order][axis]];
                first += flipped ? (shape[axis] - 1) * stride[Orders[order][axis]] : 0;
            }

            var target = new float[source.Length];
            StridedCopy.Copy(source, first, (strides[0], strides[1], strides[2]), target, shape);
            var next = 0;
            for (var i = 0; i < shape.I; i++)
            {
                for (var j = 0; j < shape.J; j++)
                {
                    for (var k = 0; k < shape.K; k++)
                    {
                        Assert.Equal(source[first + (i * strides[0]) + (j * strides[1]) + (k * strides[2])], target[next++]);
                    }
                }
            }
        }, iter: 150);

    [Fact]
    public void Two_percentiles_at_once_are_those_one_by_one_also_with_few_and_negative_values() =>
        Gen.Select(Gen.OneOf(Gen.Float[-3, 3], Gen.Const(0f), Gen.Const(-0f), Gen.Float[1e-40f, 1e-39f], Gen.Int[-4, 4].Select(n => (float)n)).Array[1, 200], Gen.Double[0, 100], Gen.Double[0, 100]).Sample((values, low, high) =>
        {
            var (lower, upper) = Percentiles.Of(values, low, high);
            Assert.Equal(Sorted(values, low), lower);
            Assert.Equal(Sorted(values, high), upper);
            Assert.Equal(lower, Percentiles.Of(values, low));
        });

    [Fact]
    public void Scaling_gives_the_bits_of_the_scalar_formula() =>
        Gen.Select(Gen.Int[1, 70], Gen.Bool, Gen.ULong).Sample((count, clip, seed) =>
        {
            var random = new CounterRandom(seed, "scaling");
            var volume = Make.Volume(1, 1, count, (_, _, _) => random.NextInt32(4) switch { 0 => 0f, 1 => -0f, _ => (float)(random.NextNormal() * 100) });
            var scaled = IntensityScaling.ByPercentiles(volume, 5, 95, clip);
            var (low, high) = ((float)Percentiles.Of(volume.Voxels, 5), (float)Percentiles.Of(volume.Voxels, 95));
            for (var n = 0; n < count; n++)
            {
                var value = volume.Voxels[n] - low;
                if (high != low)
                {
                    value /= high - low;
                    value = clip ? Math.Clamp(value, 0f, 1f) : value;
                }

                Same(value, scaled.Voxels[n]);
            }
        });

    [Fact]
    public void The_foreground_box_is_that_of_looking_at_every_voxel() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[1, 6], Gen.Int[1, 80], Gen.Int[0, 6], Gen.ULong).Sample((a, b, c, spots, seed) =>
        {
            var random = new CounterRandom(seed, "box");
            var channels = Enumerable.Range(0, 2).Select(_ =>
            {
                var volume = Make.Volume(a, b, c, (_, _, _) => random.NextInt32(2) == 0 ? 0 : -1);
                for (var n = 0; n < spots; n++)
                {
                    volume.Voxels[random.NextInt32(volume.Voxels.Length)] = 1;
                }

                return volume;
            }).ToArray();
            var found = Enumerable.Range(0, a * b * c).Where(n => channels.Any(v => v.Voxels[n] > 0)).Select(n => (I: n / (b * c), J: n / c % b, K: n % c)).ToArray();
            VoxelBox? expected = found.Length == 0 ? null : new VoxelBox(
                found.Min(p => p.I), found.Min(p => p.J), found.Min(p => p.K), found.Max(p => p.I) + 1, found.Max(p => p.J) + 1, found.Max(p => p.K) + 1);
            Assert.Equal(expected, ForegroundCrop.Box(channels));
        });

    private static double Sorted(float[] values, double percent)
    {
        var sorted = values.Order().ToArray();
        var rank = percent / 100 * (values.Length - 1);
        var low = (int)Math.Floor(rank);
        var t = rank - low;
        double a = sorted[low], b = sorted[(int)Math.Ceiling(rank)];
        var difference = (double)(float)(b - a);
        return t == 0 ? a : t >= 0.5 ? b - (difference * (1 - t)) : a + (difference * t);
    }

    private static Volume Noise(CounterRandom random, int i, int j, int k) => Make.Volume(i, j, k, (_, _, _) => (float)(random.NextNormal() * 1000));

    private static void Same(float expected, float actual) => Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(actual));
}
