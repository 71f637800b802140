using System.Buffers.Binary;
using System.IO.Compression;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Nifti;

public sealed class NiftiTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_back_bit_for_bit() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[1, 40], Gen.Float.Array[8], Gen.Bool).Sample((i, j, k, values, gzip) =>
        {
            var affine = new Affine(-1.5, 0.25, 0, 10, 0.125, 2, 0, -20.5, 0, 0, 3, 7);
            var volume = Make.Volume(i, j, k, (x, y, z) => values[(x + (3 * y) + (5 * z)) % 8], affine);
            var path = _folder.File(gzip ? "v.nii.gz" : "v.nii");
            NiftiWriter.Write(path, volume);
            var read = NiftiReader.Read(path);
            Assert.Equal(volume.Shape, read.Shape);
            Assert.Equal(volume.Affine, read.Affine);
            Assert.Equal(volume.Voxels.Select(BitConverter.SingleToUInt32Bits), read.Voxels.Select(BitConverter.SingleToUInt32Bits));
        }, iter: 60, threads: 1);

    [Fact]
    public void Equal_volumes_give_equal_files()
    {
        NiftiWriter.Write(_folder.File("a.nii.gz"), Make.Ball(12, 4));
        NiftiWriter.Write(_folder.File("b.nii.gz"), Make.Ball(12, 4));
        Assert.Equal(File.ReadAllBytes(_folder.File("a.nii.gz")), File.ReadAllBytes(_folder.File("b.nii.gz")));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(4, 2)]
    [InlineData(8, 4)]
    [InlineData(16, 4)]
    [InlineData(64, 8)]
    [InlineData(256, 1)]
    [InlineData(512, 2)]
    [InlineData(768, 4)]
    [InlineData(1024, 8)]
    [InlineData(1280, 8)]
    public void Every_scalar_type_in_both_byte_orders_and_both_versions(int code, int size)
    {
        foreach (var big in (bool[])[false, true])
        {
            foreach (var second in (bool[])[false, true])
            {
                var file = new Header { Second = second, Big = big, Type = code, Slope = 2, Intercept = -1 };
                var data = new byte[24 * size];
                for (var n = 0; n < 24; n++)
                {
                    file.PutNumber(data.AsSpan(n * size, size), code, n);
                }

                File.WriteAllBytes(_folder.File("t.nii"), file.Bytes(data));
                var volume = NiftiReader.Read(_folder.File("t.nii"));
                Assert.Equal(new VolumeShape(2, 3, 4), volume.Shape);

                // Voxel (1, 2, 3) is the last of a file whose first axis runs fastest.
                Assert.Equal(45, volume[1, 2, 3]);
                Assert.Equal(1, volume[1, 0, 0]);
            }
        }
    }

    [Fact]
    public void A_slope_of_zero_or_not_finite_leaves_voxels_as_stored()
    {
        foreach (var slope in (float[])[0, float.NaN, float.PositiveInfinity])
        {
            var data = new byte[48];
            data[0] = 7;
            File.WriteAllBytes(_folder.File("s.nii"), new Header { Type = 4, Slope = slope, Intercept = 100 }.Bytes(data));
            Assert.Equal(7, NiftiReader.Read(_folder.File("s.nii"))[0, 0, 0]);
        }
    }

    [Fact]
    public void Minus_zero_stays_minus_zero_with_unit_slope()
    {
        var data = new byte[96];
        BinaryPrimitives.WriteSingleLittleEndian(data, -0f);
        File.WriteAllBytes(_folder.File("z.nii"), new Header { Slope = 1 }.Bytes(data));
        Assert.True(float.IsNegative(NiftiReader.Read(_folder.File("z.nii"))[0, 0, 0]));
    }

    [Fact]
    public void Without_sform_the_quaternion_counts_and_without_both_the_first_axis_runs_left()
    {
        // Half a turn around the third axis: quaternion (0, 0, 0, 1).
        var turned = new Header { Qform = 1, D = 1, Offset = (5, 6, 7) };
        File.WriteAllBytes(_folder.File("q.nii"), turned.Bytes(new byte[96]));
        var affine = NiftiReader.Read(_folder.File("q.nii")).Affine;
        Assert.True(affine.IsClose(new Affine(-1, 0, 0, 5, 0, -2, 0, 6, 0, 0, 3, 7), 1e-6));

        File.WriteAllBytes(_folder.File("q2.nii"), (turned with { Qfac = -1 }).Bytes(new byte[96]));
        Assert.Equal(-3, NiftiReader.Read(_folder.File("q2.nii")).Affine.M22, 1e-6);

        File.WriteAllBytes(_folder.File("d.nii"), new Header().Bytes(new byte[96]));
        Assert.Equal(new Affine(-1, 0, 0, 0.5, 0, 2, 0, -2, 0, 0, 3, -4.5), NiftiReader.Read(_folder.File("d.nii")).Affine);
    }

    [Fact]
    public void Gzip_is_recognised_by_content_and_pairs_are_found()
    {
        var bytes = new Header().Bytes(new byte[96]);
        using (var gzip = new GZipStream(File.Create(_folder.File("really-gzip.nii")), CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        Assert.Equal(24, NiftiReader.Read(_folder.File("really-gzip.nii")).Voxels.Length);
        File.WriteAllBytes(_folder.File("p.hdr"), new Header { Pair = true }.Bytes([])[..348]);
        File.WriteAllBytes(_folder.File("p.img"), new byte[96]);
        Assert.Equal(24, NiftiReader.Read(_folder.File("p.hdr")).Voxels.Length);
        Assert.Equal(24, NiftiReader.Read(_folder.File("p.img")).Voxels.Length);
    }

    [Fact]
    public void A_fourth_dimension_of_one_is_accepted_and_of_two_refused()
    {
        File.WriteAllBytes(_folder.File("f.nii"), new Header { Frames = 1 }.Bytes(new byte[96]));
        Assert.Equal(24, NiftiReader.Read(_folder.File("f.nii")).Voxels.Length);
        File.WriteAllBytes(_folder.File("g.nii"), new Header { Frames = 2 }.Bytes(new byte[192]));
        Make.Throws(ErrorCatalogue.NiftiUnsupported, () => NiftiReader.Read(_folder.File("g.nii")));
    }

    [Fact]
    public void Hostile_headers_get_their_number_and_little_memory()
    {
        Refused(ErrorCatalogue.NotNifti, new byte[400]);
        Refused(ErrorCatalogue.FileTruncated, [1, 2]);
        Refused(ErrorCatalogue.FileTruncated, new Header().Bytes([])[..200]);
        Refused(ErrorCatalogue.NiftiUnsupported, new Header { Type = 32 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiUnsupported, new Header { Type = 128 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { I = -3 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { I = 32767, J = 32767, K = 32767 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Second = true, I = int.MaxValue, J = int.MaxValue, K = int.MaxValue }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { VoxOffset = 17 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { VoxOffset = float.NaN }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Qform = 1, D = 3 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Sform = 1 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.FileTruncated, new Header { I = 500, J = 500, K = 500 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.FileTruncated, new Header { VoxOffset = 1e12f }.Bytes(new byte[96]));

        // A gzip file of some hundred bytes that claims 500 MB is refused before memory is taken.
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refused(ErrorCatalogue.FileTruncated, Gzip(new Header { I = 500, J = 500, K = 500 }.Bytes(new byte[96])));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 10_000_000);
    }

    [Fact]
    public void Any_cut_or_flipped_byte_gives_a_volume_or_a_number_but_never_a_raw_exception()
    {
        var whole = new Header { Sform = 0, Qform = 1 }.Bytes(new byte[96]);
        var packed = Gzip(whole);
        Gen.Select(Gen.Bool, Gen.Int[0, 1000], Gen.Byte, Gen.Bool).Sample((gzip, at, value, cut) =>
        {
            var bytes = (gzip ? packed : whole).ToArray();
            at %= bytes.Length;
            bytes[at] = value;
            File.WriteAllBytes(_folder.File("x.nii"), cut ? bytes[..at] : bytes);
            try
            {
                NiftiReader.Read(_folder.File("x.nii"));
            }
            catch (FederationException e)
            {
                Assert.InRange(e.Code.Number, 1102, 1105);
            }
        }, iter: 1500, threads: 1);
    }

    [Fact]
    public void Format_edge_cases_of_nibabel_are_read_or_refused_by_number()
    {
        var folder = TestData.Require("nibabel-tests");
        Assert.Equal(new VolumeShape(33, 41, 25), NiftiReader.Read(Path.Combine(folder, "anatomical.nii")).Shape);
        Make.Throws(ErrorCatalogue.NiftiUnsupported, () => NiftiReader.Read(Path.Combine(folder, "example4d.nii.gz")));
        Make.Throws(ErrorCatalogue.NotNifti, () => NiftiReader.Read(Path.Combine(folder, "analyze.hdr")));
    }

    [Fact]
    public void A_missing_file_is_a_numbered_error() => Make.Throws(ErrorCatalogue.DataFolderMissing, () => NiftiReader.Read(_folder.File("none.nii")));

    private void Refused(ErrorCode code, byte[] bytes)
    {
        File.WriteAllBytes(_folder.File("h.nii"), bytes);
        Make.Throws(code, () => NiftiReader.Read(_folder.File("h.nii")));
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}
