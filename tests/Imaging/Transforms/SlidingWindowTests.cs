using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Transforms;

public sealed class SlidingWindowTests
{
    private static readonly Gen<VolumeShape> Shapes = Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[1, 9], (i, j, k) => new VolumeShape(i, j, k));
    private static readonly Gen<double> Overlaps = Gen.OneOf(Gen.Const(0.0), Gen.Const(0.25), Gen.Const(0.5), Gen.Double[0, 0.95]);

    [Fact]
    public void Windows_of_the_reference_are_reproduced()
    {
        foreach (var golden in GoldenFile.Imaging.GetProperty("windows").EnumerateArray())
        {
            var windows = new SlidingWindows(golden.Shape("image"), golden.Shape("roi"), golden.Number("overlap"));
            var starts = golden.GetProperty("starts").EnumerateArray().Select(GoldenFile.Ints).ToArray();
            for (var axis = 0; axis < 3; axis++)
            {
                Assert.Equal(starts[axis], SlidingWindows.Starts(windows.Padded[axis], windows.Roi[axis], golden.Number("overlap")));
            }

            var order = from i in starts[0] from j in starts[1] from k in starts[2] select (i, j, k);
            Assert.Equal(order, windows.Boxes.Select(b => (b.I0, b.J0, b.K0)));
        }
    }

    [Fact]
    public void A_BraTS_volume_has_the_published_starts()
    {
        Assert.Equal([0, 48, 96, 144], SlidingWindows.Starts(240, 96, 0.5));
        Assert.Equal([0, 48, 59], SlidingWindows.Starts(155, 96, 0.5));
        Assert.Equal([0], SlidingWindows.Starts(96, 96, 0.5));
        Assert.Equal([0, 1], SlidingWindows.Starts(97, 96, 0.5));
        Assert.Equal([0, 1, 2, 3], SlidingWindows.Starts(8, 5, 0.9));
        Assert.Throws<ArgumentOutOfRangeException>(() => SlidingWindows.Starts(8, 5, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SlidingWindows.Starts(8, 5, double.NaN));
    }

    [Fact]
    public void Bell_weights_of_the_reference_are_reproduced()
    {
        var golden = GoldenFile.Imaging.GetProperty("gaussian_96");
        var map = new Volume(new VolumeShape(96, 96, 96), Affine.Identity, ImportanceMap.Gaussian(new VolumeShape(96, 96, 96)));
        Assert.Equal(golden.Number("min"), map.Voxels.Min(), 0.0);

        // Three curves in float, each off by a rounding of its exponential: the reference and MONAI differ by 1.8e-7.
        const double rounding = 2e-7;
        Assert.Equal(golden.Number("max"), map.Voxels.Max(), rounding);
        Assert.Equal(golden.Number("sum"), map.Voxels.Sum(v => (double)v), 1e-7 * golden.Number("sum"));
        var (diagonal, axis) = (golden.GetProperty("diag").Numbers(), golden.GetProperty("axis").Numbers());
        for (var n = 0; n < 8; n++)
        {
            Assert.Equal(diagonal[n], map[12 * n, 12 * n, 12 * n], rounding);
            Assert.Equal(axis[n], map[12 * n, 48, 48], rounding);
        }

        Assert.Equal(0.001, map.Voxels.Min(), 1e-9);
        Assert.Equal(0.9974, map.Voxels.Max(), 5e-5);
    }

    [Fact]
    public void Averages_of_the_reference_are_reproduced()
    {
        foreach (var golden in GoldenFile.Metrics.GetProperty("average").EnumerateArray())
        {
            var windows = new SlidingWindows(golden.Shape("shape"), golden.Shape("roi"), golden.Number("overlap"));
            Assert.Equal(golden.GetProperty("starts").EnumerateArray().Aggregate(1, (n, a) => n * a.GetArrayLength()), windows.Boxes.Count);
            var weights = golden.GetProperty("kind").GetString() == "constant" ? ImportanceMap.Constant(windows.Roi) : ImportanceMap.Gaussian(windows.Roi);
            var accumulator = new WindowAccumulator(windows, 1, weights);
            var lcg = new Lcg((uint)golden.Int("seed"));
            var prediction = new float[windows.Roi.Count];
            foreach (var _ in windows.Boxes)
            {
                foreach (ref var value in prediction.AsSpan())
                {
                    value = lcg.Uniform();
                }

                accumulator.Add(prediction);
            }

            var (result, expected) = (accumulator.Result(), golden.GetProperty("values").Numbers());
            for (var n = 0; n < expected.Length; n++)
            {
                GoldenFile.AssertClose(expected[n], result[5 * n], 5e-7, $"voxel {5 * n}");
            }
        }
    }

    [Fact]
    public void Windows_cover_every_voxel_stay_inside_and_come_in_order() => Gen.Select(Shapes, Shapes, Overlaps).Sample((image, roi, overlap) =>
    {
        var windows = new SlidingWindows(image, roi, overlap);
        var covered = new bool[windows.Padded.Count];
        var previous = -1;
        foreach (var box in windows.Boxes)
        {
            Assert.Equal(roi, box.Shape);
            Assert.True(box is { I0: >= 0, J0: >= 0, K0: >= 0 } && box.I1 <= windows.Padded.I && box.J1 <= windows.Padded.J && box.K1 <= windows.Padded.K);
            var at = (((box.I0 * windows.Padded.J) + box.J0) * windows.Padded.K) + box.K0;
            Assert.True(at > previous);
            previous = at;
            for (var i = box.I0; i < box.I1; i++)
            {
                for (var j = box.J0; j < box.J1; j++)
                {
                    covered.AsSpan((((i * windows.Padded.J) + j) * windows.Padded.K) + box.K0, roi.K).Fill(true);
                }
            }
        }

        Assert.DoesNotContain(false, covered);
    });

    [Fact]
    public void A_constant_prediction_comes_back() => Gen.Select(Shapes, Shapes, Overlaps, Gen.Bool, Gen.Int[0, 4]).Sample((image, roi, overlap, bell, which) =>
    {
        // Powers of two come back exactly with any weights; others within the rounding of the sums.
        float[] values = [0, 1, -0.25f, 1 / 3f, 1e6f];
        var windows = new SlidingWindows(image, roi, overlap);
        var accumulator = new WindowAccumulator(windows, 2, bell ? ImportanceMap.Gaussian(roi) : ImportanceMap.Constant(roi));
        var prediction = new float[2 * roi.Count];
        Array.Fill(prediction, values[which]);
        foreach (var _ in windows.Boxes)
        {
            accumulator.Add(prediction);
        }

        var result = accumulator.Result();
        Assert.Equal(2 * image.Count, result.Length);
        Assert.All(result, v => Assert.Equal(values[which], v, which < 3 ? 0 : 2e-4f * values[which]));
    });

    [Fact]
    public void A_prediction_equal_to_its_input_gives_the_image_back_without_the_padding() => Gen.Select(Shapes, Shapes, Overlaps, Gen.Int[0, 9999]).Sample((image, roi, overlap, seed) =>
    {
        // Multiples of 1/256: sums of a few hundred are exact in float.
        float[] source = [.. Lcg.Image((uint)seed, 2 * image.Count).Select(v => MathF.Floor(v * 256) / 256)];
        var windows = new SlidingWindows(image, roi, overlap);
        var accumulator = new WindowAccumulator(windows, 2, ImportanceMap.Constant(roi));
        var patch = new float[2 * roi.Count];
        for (var n = 0; n < windows.Boxes.Count; n++)
        {
            for (var channel = 0; channel < 2; channel++)
            {
                windows.Read(source.AsSpan(channel * (int)image.Count, (int)image.Count), n, patch.AsSpan(channel * (int)roi.Count, (int)roi.Count), outside: -5);
            }

            accumulator.Add(patch);
        }

        Assert.Equal(source, accumulator.Result());
    });

    [Fact]
    public void Padding_lies_half_before_and_the_rest_after()
    {
        var windows = new SlidingWindows(new VolumeShape(1, 2, 3), new VolumeShape(4, 3, 2), 0.5);
        Assert.Equal(new VolumeShape(1, 0, 0), windows.Before);
        Assert.Equal(new VolumeShape(4, 3, 3), windows.Padded);
        var patch = new float[24];
        windows.Read([1, 2, 3, 4, 5, 6], 1, patch, outside: 9);
        Assert.Equal([9, 9, 9, 9, 9, 9, 2, 3, 5, 6, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], patch);
        Assert.Equal(new VolumeShape(1, 3, 2), new SlidingWindows(new VolumeShape(1, 2, 3), new VolumeShape(0, 3, 2), 0).Roi);
    }

    [Fact]
    public void A_missing_or_surplus_window_is_an_error()
    {
        var windows = new SlidingWindows(new VolumeShape(4, 2, 2), new VolumeShape(2, 2, 2), 0);
        var accumulator = new WindowAccumulator(windows, 1, ImportanceMap.Constant(windows.Roi));
        accumulator.Add(new float[8]);
        Assert.Throws<InvalidOperationException>(() => accumulator.Result());
        accumulator.Add(new float[8]);
        Assert.Throws<InvalidOperationException>(() => accumulator.Add(new float[8]));
        Assert.Throws<ArgumentException>(() => accumulator.Add(new float[7]));
    }
}
