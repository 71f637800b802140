using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Preparation;

public sealed class CaseFileTests : IDisposable
{
    /// <summary>Half a step, and the rounding of a float below 1.</summary>
    private const double Bound = (0.5 / 65535) + 6e-8;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_number_reads_back_as_its_65535th_part_and_survives_another_round_trip()
    {
        var values = Enumerable.Range(0, 65536).Select(n => (float)(n / 65535.0)).ToArray();
        var numbers = new ushort[values.Length];
        Assert.False(Quantization.Encode(values, numbers));
        Assert.Equal(Enumerable.Range(0, 65536), numbers.Select(n => (int)n));
        var back = new float[values.Length];
        Quantization.Decode(numbers, back);
        Assert.All(back.Select((v, n) => Math.Abs(v - (n / 65535.0))), e => Assert.InRange(e, 0, 6e-8));
        Assert.Equal((0f, 1f), (back[0], back[^1]));
        var again = new ushort[values.Length];
        Quantization.Encode(back, again);
        Assert.Equal(numbers, again);
    }

    [Fact]
    public void Values_are_kept_within_half_a_step_zeros_stay_zero_and_positive_values_stay_positive() => Gen.OneOf(Gen.Float[0, 1], Gen.Float[0, 1e-4f], Gen.Const(float.Epsilon)).Array[1, 70].Sample(values =>
    {
        var numbers = new ushort[values.Length];
        var back = new float[values.Length];
        Quantization.Encode(values, numbers);
        Quantization.Decode(numbers, back);
        for (var n = 0; n < values.Length; n++)
        {
            Assert.Equal(values[n] > 0, back[n] > 0);
            Assert.InRange(Math.Abs(back[n] - values[n]), 0, values[n] < 0.5 / 65535 ? 1.0 / 65535 : Bound);
        }
    });

    [Theory]
    [InlineData(-0.001f)]
    [InlineData(1.001f)]
    [InlineData(float.NaN)]
    public void Values_outside_0_1_are_refused(float value) => Assert.Throws<ArgumentException>(() => Quantization.Encode([0, value], new ushort[2]));

    [Fact]
    public void Volumes_read_back_in_every_shape_and_size_of_chunk() =>
        Gen.Select(Gen.Int[1, 21], Gen.Int[1, 21], Gen.Int[1, 40], Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[1, 40]).Sample(
            (i, j, k, a, b, c) =>
            {
                var prepared = Cases.Random(new VolumeShape(i, j, k), i + j, ["t1", "adc"]);
                using var file = Written(prepared, new VolumeShape(a, b, c), Guid.NewGuid().ToString());
                Assert.Equal((prepared.Shape, Cases.Key), (file.Shape, file.Key));
                Assert.Equal(prepared.Modalities, file.Modalities);
                Assert.Equal(prepared.Notes, file.Notes);
                for (var m = 0; m < 2; m++)
                {
                    var back = file.Read(m);
                    for (var n = 0; n < back.Length; n++)
                    {
                        Assert.True(Math.Abs(back[n] - prepared.Channels[m][n]) <= (prepared.Channels[m][n] < 0.5 / 65535 ? 1.0 / 65535 : Bound));
                        Assert.Equal(prepared.Channels[m][n] > 0, back[n] > 0);
                        Assert.Equal(back[n] > 0, file.IsForeground(m, n));
                    }
                }
            },
            iter: 60);

    [Fact]
    public void Crops_at_every_border_equal_the_plain_copy()
    {
        using var file = Written(Cases.Random(new VolumeShape(13, 17, 37), 4, ["t1", "t2"], emptyFrom: 9), new VolumeShape(4, 5, 16));
        var volume = file.Read(1);
        Gen.Select(Gen.Int[-20, 20], Gen.Int[-20, 20], Gen.Int[-45, 45], Gen.Int[1, 16], Gen.Int[1, 20], Gen.Int[1, 42]).Sample((i, j, k, a, b, c) =>
        {
            var crop = new float[a * b * c];
            Array.Fill(crop, float.NaN);
            file.Copy(1, [i, j, k], [a, b, c], crop);
            Assert.Equal(Cases.Crop(volume, file.Shape, [i, j, k], [a, b, c]), crop);
        });
        var far = new float[8];
        file.Copy(0, [int.MaxValue, int.MinValue, 0], [2, 2, 2], far);
        Assert.Equal(new float[8], far);
    }

    [Fact]
    public void Chunks_of_zeros_are_not_stored_and_the_others_take_two_bytes_a_voxel()
    {
        var path = _folder.File("a.case");
        CaseFileWriter.Write(path, Cases.Key, Cases.Random(new VolumeShape(64, 32, 32), 1, ["t1", "t2"], emptyFrom: 32));
        var length = new FileInfo(path).Length;
        Assert.InRange(length, 2 * 2 * 32 * 32 * 32, (2 * 2 * 32 * 32 * 32) + 1024);
    }

    [Fact]
    public void A_crop_verifies_only_the_chunks_it_lies_in()
    {
        var path = _folder.File("a.case");
        CaseFileWriter.Write(path, Cases.Key, Cases.Random(new VolumeShape(8, 8, 8), 1, ["t1"]), new VolumeShape(4, 8, 8));
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        using var file = CaseFile.Open(path);
        file.Copy(0, [0, 0, 0], [4, 8, 8], new float[4 * 8 * 8]);
        Assert.Contains("t1", Make.Throws(ErrorCatalogue.ArtifactCorrupt, () => file.Copy(0, [0, 0, 0], [5, 8, 8], new float[5 * 8 * 8])).Message, StringComparison.Ordinal);
        Make.Throws(ErrorCatalogue.ArtifactCorrupt, () => file.Verify(TestContext.Current.CancellationToken));
        Make.Throws(ErrorCatalogue.ArtifactCorrupt, () => file.IsForeground(0, (8 * 8 * 8) - 1));
    }

    [Fact]
    public void A_missing_file_is_a_numbered_error() => Make.Throws(ErrorCatalogue.ArtifactMissing, () => CaseFile.Open(_folder.File("none.case")));

    [Fact]
    public void A_file_that_is_deleted_while_open_stays_readable()
    {
        var prepared = Cases.Random(new VolumeShape(20, 20, 20), 1, ["t1"]);
        using var file = Written(prepared, new VolumeShape(8, 8, 8));
        Directory.Delete(_folder.Path, recursive: true);
        file.Verify(TestContext.Current.CancellationToken);
        Assert.Equal(prepared.Channels[0].Count(v => v > 0), file.Read(0).Count(v => v > 0));
        Directory.CreateDirectory(_folder.Path);
    }

    [Fact]
    public void A_file_that_is_cut_short_or_overwritten_while_open_gives_an_error_and_no_crash()
    {
        var path = _folder.File("a.case");
        CaseFileWriter.Write(path, Cases.Key, Cases.Random(new VolumeShape(64, 64, 64), 1, ["t1"]));
        using (var overwritten = CaseFile.Open(path))
        {
            using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                stream.Write(Enumerable.Repeat((byte)0xff, 60000).ToArray());
            }

            Make.Throws(ErrorCatalogue.ArtifactCorrupt, () => overwritten.Verify(TestContext.Current.CancellationToken));
        }

        CaseFileWriter.Write(path, Cases.Key, Cases.Random(new VolumeShape(64, 64, 64), 1, ["t1"]));
        using var cut = CaseFile.Open(path);
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(5000);
        }

        Make.Throws(ErrorCatalogue.ArtifactCorrupt, () => cut.Read(0));
    }

    [Fact]
    public void Several_threads_crop_from_one_file_and_closing_it_meanwhile_crashes_nothing()
    {
        var file = Written(Cases.Random(new VolumeShape(40, 40, 40), 1, ["t1"]), new VolumeShape(8, 8, 8));
        using var same = CaseFile.Open(_folder.File("a.case"));
        var expected = same.Read(0);
        var done = 0;
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, thread =>
        {
            var crop = new float[40 * 40 * 40];
            for (var n = 0; n < 50; n++)
            {
                try
                {
                    file.Copy(0, [0, 0, 0], [40, 40, 40], crop);
                    Assert.Equal(expected, crop);
                    if (Interlocked.Increment(ref done) == 100)
                    {
                        file.Dispose();
                    }
                }
                catch (ObjectDisposedException)
                {
                    Assert.True(done >= 100);
                }
            }
        });
        Assert.True(done >= 100);
    }

    private CaseFile Written(PreparedCase prepared, VolumeShape side, string name = "a")
    {
        var path = _folder.File(name + ".case");
        CaseFileWriter.Write(path, Cases.Key, prepared, side);
        return CaseFile.Open(path);
    }
}
