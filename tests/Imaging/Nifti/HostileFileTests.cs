using System.Diagnostics;
using System.IO.Compression;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Nifti;

public sealed class HostileFileTests : IDisposable
{
    private const long Little = 300_000;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Headers_that_cannot_be_true_get_their_number_and_little_memory()
    {
        Refused(ErrorCatalogue.FileTruncated, []);
        Refused(ErrorCatalogue.FileTruncated, [1, 2]);
        Refused(ErrorCatalogue.NotNifti, new byte[400]);
        Refused(ErrorCatalogue.FileTruncated, new Header().Bytes([])[..200]);
        Refused(ErrorCatalogue.NiftiUnsupported, new Header { Type = 32 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiUnsupported, new Header { Type = 128 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { I = -3 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { J = 0 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Second = true, Frames = int.MaxValue }.Bytes(new byte[96]));

        // 3·10^13 voxels in 16-bit dimensions; 10^12, then a product beyond 64 bits, then one dimension beyond 32 bits.
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { I = 32767, J = 32767, K = 32767 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Second = true, I = 10_000, J = 10_000, K = 10_000 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Second = true, I = int.MaxValue, J = int.MaxValue, K = int.MaxValue }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Second = true, I = 1L << 40 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.FileTruncated, new Header { I = 500, J = 500, K = 500 }.Bytes(new byte[96]));

        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { VoxOffset = 17 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { VoxOffset = float.NaN }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { VoxOffset = -352 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { VoxOffset = 1e12f }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.FileTruncated, new Header { VoxOffset = 1e6f }.Bytes(new byte[96]));

        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Sizes = (double.NaN, 1, 1) }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Qform = 1, Sizes = (1, double.PositiveInfinity, 1) }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Sform = 1, Rows = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], Sizes = (1, 1, double.NaN) }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Sizes = (0, 1, 1) }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Qform = 1, D = 3 }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Sform = 1 }.Bytes(new byte[96]));
        foreach (var size in (double[])[1e-30, 1e30, 1e-200, 1e300])
        {
            Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Second = true, Qform = 1, Sizes = (size, 1, 1) }.Bytes(new byte[96]));
        }

        // Two axes that are all but parallel.
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Sform = 1, Rows = [1, 1, 0, 0, 0, 1e-5, 0, 0, 0, 0, 1, 0] }.Bytes(new byte[96]));
        Refused(ErrorCatalogue.NiftiHeaderInvalid, new Header { Slope = 2, Intercept = double.NaN }.Bytes(new byte[96]));
        foreach (var count in (short[])[0, -1, 8, 0x0300, short.MaxValue])
        {
            var bytes = new Header().Bytes(new byte[96]);
            BitConverter.TryWriteBytes(bytes.AsSpan(40), count);
            Refused(ErrorCatalogue.NiftiHeaderInvalid, bytes);
        }
    }

    [Fact]
    public void What_follows_the_voxels_is_not_read_and_a_plain_file_says_so()
    {
        byte[] clean = new Header().Bytes(new byte[96]), padded = [.. clean, 1, 2, 3];
        File.WriteAllBytes(_folder.File("clean.nii"), clean);
        File.WriteAllBytes(_folder.File("padded.nii"), padded);
        File.WriteAllBytes(_folder.File("padded.nii.gz"), Make.Gzip(padded));
        var expected = NiftiReader.Read(_folder.File("clean.nii")).Voxels;
        Assert.Equal(expected, NiftiReader.Read(_folder.File("padded.nii")).Voxels);
        Assert.Equal(expected, NiftiReader.Read(_folder.File("padded.nii.gz")).Voxels);
        Assert.DoesNotContain("goes on", NiftiReader.ReadInfo(_folder.File("clean.nii")).Warning ?? "", StringComparison.Ordinal);
        Assert.Contains("3 bytes", NiftiReader.ReadInfo(_folder.File("padded.nii")).Warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gzip_stream_is_refused_when_it_is_cut_or_its_checksum_is_wrong()
    {
        var packed = Make.Gzip(new Header { I = 20, J = 20, K = 20, Type = 2 }.Bytes([.. Enumerable.Range(0, 8000).Select(n => (byte)(n * n))]));
        foreach (var length in (int[])[3, 12, 100, packed.Length / 2, packed.Length - 12])
        {
            Refused(ErrorCatalogue.FileTruncated, packed[..length]);
        }

        packed[^6] ^= 1;
        Refused(ErrorCatalogue.FileTruncated, packed);
    }

    [Fact]
    public void A_gzip_header_is_not_believed_beyond_what_its_bytes_can_hold()
    {
        // Some hundred bytes that claim 500 MB.
        Refused(ErrorCatalogue.FileTruncated, Make.Gzip(new Header { I = 500, J = 500, K = 500 }.Bytes(new byte[96])));

        // 200 kB that could hold the claimed 200 MB but do not: unpacked to nowhere first.
        var zeros = Make.Gzip(new Header { I = 600, J = 600, K = 600, Type = 2 }.Bytes(new byte[50_000_000]));
        Refused(ErrorCatalogue.FileTruncated, zeros);
    }

    [Fact]
    public void A_decompression_bomb_costs_no_more_than_its_header_claims()
    {
        // 2 GiB of zeros behind a volume of 24 voxels.
        var path = _folder.File("bomb.nii.gz");
        using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Optimal))
        {
            gzip.Write(new Header().Bytes(new byte[96]));
            var zeros = new byte[1 << 20];
            for (var n = 0; n < 256; n++)
            {
                gzip.Write(zeros);
            }
        }

        // The same member again and again: gzip files may be joined.
        var member = File.ReadAllBytes(path);
        using (var file = File.Open(path, FileMode.Append))
        {
            for (var n = 0; n < 7; n++)
            {
                file.Write(member);
            }
        }

        // What is taken from the file bounds what is unpacked.
        using var counting = new CountingStream(path);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(24, NiftiReader.Read(path, null, _ => counting).Voxels.Length);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < Little);
        Assert.InRange(counting.Taken, 1, 100_000);
        Assert.True(new FileInfo(path).Length > 1_000_000);
        Assert.Equal(new VolumeShape(2, 3, 4), NiftiReader.ReadInfo(path).Shape);
    }

    [Fact]
    public async Task A_pipe_a_folder_a_device_and_a_broken_link_are_refused_without_waiting()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no named pipes among files.");
        var pipe = _folder.File("pipe.nii");
        using (var mkfifo = Process.Start("mkfifo", [pipe]))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        File.CreateSymbolicLink(_folder.File("link.nii"), pipe);
        File.CreateSymbolicLink(_folder.File("loop.nii"), _folder.File("loop.nii"));
        File.CreateSymbolicLink(_folder.File("broken.nii"), _folder.File("nowhere"));
        Directory.CreateDirectory(_folder.File("folder.nii/"));
        foreach (var (name, code) in (IEnumerable<(string, ErrorCode)>)
            [
                (pipe, ErrorCatalogue.FileTruncated),
                (_folder.File("link.nii"), ErrorCatalogue.FileTruncated),
                ("/dev/zero", ErrorCatalogue.FileTruncated),
                (_folder.File("loop.nii"), ErrorCatalogue.DataFolderMissing),
                (_folder.File("broken.nii"), ErrorCatalogue.DataFolderMissing),
                (_folder.File("folder.nii"), ErrorCatalogue.DataFolderMissing),
                (_folder.File("none.nii"), ErrorCatalogue.DataFolderMissing),
                ("nul\0byte.nii", ErrorCatalogue.DataFolderMissing),
            ])
        {
            var read = Task.Run(() => Make.Throws(code, () => NiftiReader.Read(name)), TestContext.Current.CancellationToken);
            await read.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            Make.Throws(code, () => NiftiReader.ReadInfo(name));
        }
    }

    [Fact]
    public void A_link_to_a_file_is_followed()
    {
        File.WriteAllBytes(_folder.File("real.nii"), new Header().Bytes(new byte[96]));
        File.CreateSymbolicLink(_folder.File("to-real.nii"), _folder.File("real.nii"));
        Assert.Equal(24, NiftiReader.Read(_folder.File("to-real.nii")).Voxels.Length);
    }

    [Fact]
    public void Slices_larger_than_the_buffer_are_read_in_runs()
    {
        // 800 x 800 doubles a slice: 5 MB.
        var file = new Header { Type = 64, I = 800, J = 800, K = 2, Big = true };
        var data = new byte[800 * 800 * 2 * 8];
        for (var n = 0; n < 800 * 800 * 2; n++)
        {
            file.PutNumber(data.AsSpan(n * 8, 8), 64, n);
        }

        File.WriteAllBytes(_folder.File("large.nii"), file.Bytes(data));
        var volume = NiftiReader.Read(_folder.File("large.nii"));
        foreach (var (i, j, k) in (IEnumerable<(int, int, int)>)[(0, 0, 0), (799, 0, 0), (287, 655, 0), (288, 655, 0), (799, 799, 0), (0, 0, 1), (712, 698, 1), (799, 799, 1)])
        {
            Assert.Equal(i + (800 * j) + (800 * 800 * k), volume[i, j, k]);
        }
    }

    [Fact]
    public void Voxel_sizes_that_would_make_an_enormous_grid_are_refused_before_it_is_made()
    {
        var volume = Make.Volume(20, 20, 20, (_, _, _) => 1, Affine.Scaling(1e6, 1e6, 1e6));
        Make.Throws(ErrorCatalogue.NiftiHeaderInvalid, () => Spacing.To(volume, 1));
    }

    private void Refused(ErrorCode code, byte[] bytes)
    {
        var path = _folder.File("h.nii");
        File.WriteAllBytes(path, bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Make.Throws(code, () => NiftiReader.Read(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Little);
    }

    private sealed class CountingStream(string path) : FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0)
    {
        public long Taken { get; private set; }

        public override int Read(byte[] buffer, int offset, int count) => Count(base.Read(buffer, offset, count));

        public override int Read(Span<byte> buffer) => Count(base.Read(buffer));

        private int Count(int read)
        {
            Taken += read;
            return read;
        }
    }
}
