using System.Buffers.Binary;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Nifti;

public sealed class NiftiTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

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
    public void Gzip_is_recognised_by_content_whatever_the_name()
    {
        File.WriteAllBytes(_folder.File("really-gzip.nii"), Make.Gzip(new Header().Bytes(new byte[96])));
        Assert.Equal(24, NiftiReader.Read(_folder.File("really-gzip.nii")).Voxels.Length);
    }

    [Theory]
    [InlineData("p.hdr", "p.img")]
    [InlineData("p.hdr.gz", "p.img.gz")]
    [InlineData("p.hdr", "p.img.gz")]
    [InlineData("p.hdr.gz", "p.img")]
    [InlineData("P.HDR", "P.IMG")]
    public void A_pair_is_found_from_either_half(string headerName, string imageName)
    {
        var (header, image) = (new Header { Pair = true, Type = 2 }.Bytes([])[..348], Enumerable.Range(0, 24).Select(n => (byte)n).ToArray());
        File.WriteAllBytes(_folder.File(headerName), headerName.EndsWith(".gz", StringComparison.Ordinal) ? Make.Gzip(header) : header);
        File.WriteAllBytes(_folder.File(imageName), imageName.EndsWith(".gz", StringComparison.Ordinal) ? Make.Gzip(image) : image);
        foreach (var name in (string[])[headerName, imageName])
        {
            Assert.Equal(23, NiftiReader.Read(_folder.File(name))[1, 2, 3]);
            Assert.Equal("uint8", NiftiReader.ReadInfo(_folder.File(name)).Type);
        }
    }

    [Fact]
    public void A_pair_that_lacks_a_half_is_a_numbered_error_for_header_and_voxels()
    {
        File.WriteAllBytes(_folder.File("h.hdr"), new Header { Pair = true }.Bytes([])[..348]);
        Make.Throws(ErrorCatalogue.FileTruncated, () => NiftiReader.ReadInfo(_folder.File("h.hdr")));
        Make.Throws(ErrorCatalogue.FileTruncated, () => NiftiReader.Read(_folder.File("h.hdr")));
        File.WriteAllBytes(_folder.File("i.img"), new byte[96]);
        Make.Throws(ErrorCatalogue.DataFolderMissing, () => NiftiReader.ReadInfo(_folder.File("i.img")));
        Make.Throws(ErrorCatalogue.DataFolderMissing, () => NiftiReader.Read(_folder.File("i.img")));
    }

    [Fact]
    public void A_qform_that_agrees_with_the_voxel_sizes_wins_over_an_sform_that_does_not_and_says_so()
    {
        double[] wrong = [5, 0, 0, 1, 0, 5, 0, 2, 0, 0, 5, 3];
        var both = new Header { Sform = 1, Qform = 1, Rows = wrong, Offset = (5, 6, 7) };
        Assert.Equal(new Affine(1, 0, 0, 5, 0, 2, 0, 6, 0, 0, 3, 7), Info(both).Affine);
        Assert.Contains("qform", Info(both).Warning, StringComparison.Ordinal);

        // Without a code the quaternion says nothing.
        Assert.Equal(Affine.FromRows(wrong), Info(both with { Qform = 0 }).Affine);
        Assert.Contains("the sform is used", Info(both with { Qform = 0 }).Warning, StringComparison.Ordinal);

        double[] right = [0, 2, 0, 1, 1, 0, 0, 2, 0, 0, 3, 3];
        Assert.Equal(Affine.FromRows(right), Info(both with { Rows = right }).Affine);
        Assert.Null(Info(both with { Rows = right }).Warning);
    }

    [Fact]
    public void Odd_headers_are_read_with_a_warning()
    {
        Assert.Contains("no orientation", Info(new Header()).Warning, StringComparison.Ordinal);
        Assert.Contains("sform_code 77", Info(new Header { Sform = 77, Qform = 1 }).Warning, StringComparison.Ordinal);
        var negative = Info(new Header { Qform = 1, Sizes = (-1, 2, 3) });
        Assert.Contains("signs", negative.Warning, StringComparison.Ordinal);
        Assert.Equal(1, negative.Affine.M00);
        Assert.Null(Info(new Header { Qform = 1 }).Warning);
    }

    private NiftiInfo Info(Header header)
    {
        File.WriteAllBytes(_folder.File("o.nii"), header.Bytes(new byte[96]));
        Assert.Equal(NiftiReader.Read(_folder.File("o.nii")).Affine, NiftiReader.ReadInfo(_folder.File("o.nii")).Affine);
        return NiftiReader.ReadInfo(_folder.File("o.nii"));
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
    public void Any_volume_of_several_is_read_by_its_number_packed_or_not()
    {
        var bytes = new Header { Type = 2, Frames = 3 }.Bytes([.. Enumerable.Range(0, 72).Select(n => (byte)n)]);
        foreach (var packed in (bool[])[false, true])
        {
            File.WriteAllBytes(_folder.File("s.nii"), packed ? Make.Gzip(bytes) : bytes);
            for (var n = 0; n < 3; n++)
            {
                Assert.Equal((24 * n) + 23, NiftiReader.Read(_folder.File("s.nii"), n)[1, 2, 3]);
            }

            Assert.Equal(3, NiftiReader.ReadInfo(_folder.File("s.nii")).Volumes);
            Make.Throws(ErrorCatalogue.NiftiUnsupported, () => NiftiReader.Read(_folder.File("s.nii"), 3));
            Make.Throws(ErrorCatalogue.NiftiUnsupported, () => NiftiReader.Read(_folder.File("s.nii"), -1));
        }
    }
}
