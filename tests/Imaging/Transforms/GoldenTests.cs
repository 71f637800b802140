using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Transforms;

/// <summary>Values of an independent implementation that was compared with MONAI 1.4.0 and nibabel on these volumes.</summary>
public sealed class GoldenTests
{
    private static readonly JsonElement Goldens = GoldenFile.Imaging;

    [Theory]
    [InlineData("nichart8_T1")]
    [InlineData("openms12_FLAIR")]
    [InlineData("ms07")]
    public void Pretraining_chain_reproduces_the_reference(string name)
    {
        var golden = Goldens.GetProperty("cases").GetProperty(name);
        var channels = golden.GetProperty("files").EnumerateArray().Select(f => NiftiReader.Read(TestData.Require(f.GetString()!))).ToArray();
        Check(golden.GetProperty("load"), channels);
        channels = [.. channels.Select(Orientation.ToRas)];
        Check(golden.GetProperty("orient_RAS"), channels);
        channels = [.. channels.Select(c => Spacing.To(c, 1))];
        Check(golden.GetProperty("spacing_1mm_bilinear"), channels);
        channels = Crop(golden.GetProperty("center_crop_fg_1"), channels);
        for (var n = 0; n < channels.Length; n++)
        {
            CheckPercentiles(golden.GetProperty("percentiles_5_95")[n], channels[n].Voxels, 5, 95);
            CheckPercentiles(golden.GetProperty("percentiles_1_99")[n], channels[n].Voxels, 1, 99);
        }

        channels = [.. channels.Select(c => IntensityScaling.ByPercentiles(c, 5, 95, clip: true))];
        Check(golden.GetProperty("scale_5_95_clip"), channels);
        channels = Crop(golden.GetProperty("center_crop_fg_2"), channels);
        var margin = ForegroundCrop.Box(channels, margin: 1)!.Value;
        CheckBox(golden.GetProperty("crop_foreground_margin1"), margin);
    }

    [Fact]
    public void All_48_axis_orders_become_the_same_RAS_volume()
    {
        var folder = TestData.Require("nifti-orientation48");
        var cases = Goldens.GetProperty("orientation48").EnumerateObject().ToArray();
        Assert.Equal(48, cases.Length);
        foreach (var golden in cases)
        {
            var read = NiftiReader.Read(Path.Combine(folder, $"{golden.Name}.nii.gz"));
            Assert.Equal(golden.Value.Shape("shape_in"), read.Shape);
            Assert.Equal(golden.Value.GetProperty("axcodes").GetString(), AxisCodes(read.Affine));
            var volume = Orientation.ToRas(read);
            Assert.Equal(golden.Value.Shape("shape_ras"), volume.Shape);
            Assert.Equal(golden.Value.GetProperty("sha256").GetString(), Make.Hash(volume));
            CheckAffine(golden.Value.GetProperty("affine_ras"), volume.Affine, 2e-5);
        }
    }

    private static Volume[] Crop(JsonElement golden, Volume[] channels)
    {
        var box = ForegroundCrop.CenterBox(channels)!.Value;
        CheckBox(golden, box);
        Volume[] cropped = [.. channels.Select(c => c.Crop(box))];
        Check(golden, cropped);
        return cropped;
    }

    private static void CheckBox(JsonElement golden, VoxelBox box)
    {
        Assert.Equal(golden.GetProperty("start").EnumerateArray().Select(v => v.GetInt32()), [box.I0, box.J0, box.K0]);
        Assert.Equal(golden.GetProperty("end").EnumerateArray().Select(v => v.GetInt32()), [box.I1, box.J1, box.K1]);
    }

    private static void CheckPercentiles(JsonElement golden, float[] voxels, double low, double high)
    {
        Assert.Equal(golden[0].GetDouble(), Percentiles.Of(voxels, low), 1e-6 * Math.Abs(golden[1].GetDouble()));
        Assert.Equal(golden[1].GetDouble(), Percentiles.Of(voxels, high), 1e-6 * Math.Abs(golden[1].GetDouble()));
    }

    private static void Check(JsonElement golden, Volume[] channels)
    {
        var shape = golden.GetProperty("shape").EnumerateArray().Select(v => v.GetInt32()).ToArray();
        Assert.Equal(shape[0], channels.Length);
        CheckAffine(golden.GetProperty("affine"), channels[0].Affine, 1e-6);
        for (var n = 0; n < channels.Length; n++)
        {
            Assert.Equal(new VolumeShape(shape[1], shape[2], shape[3]), channels[n].Shape);
            var (min, max) = (golden.GetProperty("min")[n].GetDouble(), golden.GetProperty("max")[n].GetDouble());
            var tolerance = 1e-6 * Math.Max(Math.Abs(min), Math.Abs(max));
            var found = Statistics(channels[n].Voxels);
            Assert.Equal(min, found.Min, tolerance);
            Assert.Equal(max, found.Max, tolerance);
            Assert.Equal(golden.GetProperty("mean")[n].GetDouble(), found.Mean, tolerance);
            Assert.Equal(golden.GetProperty("std")[n].GetDouble(), found.Deviation, tolerance);
            foreach (var sample in golden.GetProperty("samples").EnumerateArray())
            {
                var at = sample[0];
                Assert.Equal(sample[1][n].GetDouble(), channels[n][at[0].GetInt32(), at[1].GetInt32(), at[2].GetInt32()], tolerance);
            }
        }

        if (golden.TryGetProperty("sha256_f32_C_order", out var hash))
        {
            using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var channel in channels)
            {
                all.AppendData(MemoryMarshal.AsBytes(channel.Voxels.AsSpan()));
            }

            Assert.Equal(hash.GetString(), Convert.ToHexStringLower(all.GetHashAndReset()));
        }
    }

    private static (float Min, float Max, double Mean, double Deviation) Statistics(float[] voxels)
    {
        var (min, max, sum, squares) = (float.MaxValue, float.MinValue, 0.0, 0.0);
        foreach (var value in voxels)
        {
            min = Math.Min(min, value);
            max = Math.Max(max, value);
            sum += value;
        }

        var mean = sum / voxels.Length;
        foreach (var value in voxels)
        {
            squares += (value - mean) * (value - mean);
        }

        return (min, max, mean, Math.Sqrt(squares / voxels.Length));
    }

    /// <summary>The world direction that each file axis runs along, for example RAS.</summary>
    private static string AxisCodes(Affine affine) => string.Concat(Enumerable.Range(0, 3).Select(column =>
    {
        var row = Enumerable.Range(0, 3).MaxBy(r => Math.Abs(affine[r, column]));
        return affine[row, column] > 0 ? "RAS"[row] : "LPI"[row];
    }));

    private static void CheckAffine(JsonElement golden, Affine affine, double tolerance)
    {
        for (var row = 0; row < 3; row++)
        {
            for (var column = 0; column < 4; column++)
            {
                Assert.Equal(golden[row][column].GetDouble(), affine[row, column], tolerance);
            }
        }
    }
}
