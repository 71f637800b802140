using System.IO.Compression;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>
/// Reads NIfTI-1 and NIfTI-2 files: .nii, .nii.gz (recognised by its first bytes, not its name) and .hdr/.img pairs.
/// Memory is bounded before it is taken: the header's sizes are checked against the file's length (for gzip: the
/// greatest expansion that deflate can reach) and against <see cref="MaximumVoxels"/>.
/// </summary>
public static class NiftiReader
{
    /// <summary>Largest volume read: 256 Mi voxels, 1 GiB as float.</summary>
    public const long MaximumVoxels = 256L * 1024 * 1024;

    /// <summary>Most volumes of one file, for example of a time series.</summary>
    public const long MaximumVolumes = 100_000;

    /// <summary>Deflate cannot expand by more: 258 bytes from two bits.</summary>
    private const long GreatestExpansion = 1032;

    /// <param name="path">A .nii, .nii.gz, .hdr or .img file.</param>
    /// <param name="volume">0-based volume of a file that holds several; null when it must hold exactly one.</param>
    /// <exception cref="FederationException">BMF-1102 to BMF-1105 for a file that cannot be used, BMF-1110 when it cannot be opened.</exception>
    public static Volume Read(string path, int? volume = null) => Guarded(path, () => ReadFile(path, volume));

    /// <summary>Reads the header alone.</summary>
    /// <exception cref="FederationException">As <see cref="Read"/>, as far as the header tells.</exception>
    public static NiftiInfo ReadInfo(string path) => Guarded(path, () =>
    {
        using var file = OpenHeader(path, out var header, out _, out _);
        return new NiftiInfo(header.Shape, header.Volumes, header.Affine, header.Type.ToString().ToLowerInvariant());
    });

    private static T Guarded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e)
        {
            throw ErrorCatalogue.FileTruncated.With($"{path} holds a damaged gzip stream: {e.Message}", e);
        }
        catch (EndOfStreamException e)
        {
            throw ErrorCatalogue.FileTruncated.With($"{path} ends inside its gzip stream.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.DataFolderMissing.With($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static Stream OpenHeader(string path, out NiftiHeader header, out ReadOnlyMemory<byte> ahead, out long most)
    {
        var headerPath = HeaderPathOf(path);
        var file = Open(headerPath, out most);
        try
        {
            // NIfTI-1 headers are shorter than the buffer; what was read beyond them may already be voxels.
            var buffer = new byte[NiftiHeader.MaximumBytes];
            var got = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            header = NiftiHeader.Parse(buffer.AsSpan(0, got), headerPath);
            ahead = buffer.AsMemory(0, got);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static string HeaderPathOf(string path) =>
        path.EndsWith(".img", StringComparison.OrdinalIgnoreCase) ? Path.ChangeExtension(path, ".hdr")
            : path.EndsWith(".img.gz", StringComparison.OrdinalIgnoreCase) ? path[..^7] + ".hdr.gz"
            : path;

    private static Volume ReadFile(string path, int? volume)
    {
        using var file = OpenHeader(path, out var header, out var ahead, out var most);
        if (volume is null && header.Volumes != 1)
        {
            throw ErrorCatalogue.NiftiUnsupported.With($"{path} holds {header.Volumes} volumes; one is needed.");
        }

        if (volume is { } n && (n < 0 || n >= header.Volumes))
        {
            throw ErrorCatalogue.NiftiUnsupported.With($"{path} holds {header.Volumes} volumes; number {n} (counted from 0) is not among them.");
        }

        if (!header.IsPair)
        {
            return ReadVoxels(file, ahead, header, volume ?? 0, most, path);
        }

        using var image = Open(ImagePathOf(HeaderPathOf(path)), out var mostOfImage);
        return ReadVoxels(image, ReadOnlyMemory<byte>.Empty, header, volume ?? 0, mostOfImage, path);
    }

    private static string ImagePathOf(string headerPath)
    {
        var stem = headerPath.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? headerPath[..^3] : headerPath;
        var image = Path.ChangeExtension(stem, ".img");
        return File.Exists(image) ? image : File.Exists(image + ".gz") ? image + ".gz"
            : throw ErrorCatalogue.FileTruncated.With($"{headerPath} has no .img file beside it.");
    }

    /// <summary>Opens a file, through gzip when it begins with 1f 8b.</summary>
    /// <param name="most">Upper bound of the bytes the stream can yield.</param>
    private static Stream Open(string path, out long most)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        try
        {
            var isGzip = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
            file.Position = 0;
            most = isGzip ? file.Length * GreatestExpansion : file.Length;
            return isGzip ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static Volume ReadVoxels(Stream stream, ReadOnlyMemory<byte> ahead, NiftiHeader header, int volume, long most, string path)
    {
        // At most 2^28 voxels of 8 bytes by 10^5 volumes: no overflow.
        var start = header.DataOffset + (header.DataBytes * volume);
        if (header.DataBytes > most - start)
        {
            throw ErrorCatalogue.FileTruncated.With($"{path} is too short for {header.Shape} voxels of {header.Type}.");
        }

        using var voxels = new AheadStream(ahead, stream);
        voxels.Skip(start);
        return new Volume(header.Shape, header.Affine, Decode(voxels, header, path));
    }

    /// <summary>The file stores the first axis fastest; the result stores the last axis fastest.</summary>
    private static float[] Decode(AheadStream stream, NiftiHeader header, string path)
    {
        var (shape, size) = (header.Shape, NiftiTypes.SizeOf((int)header.Type));
        var plane = checked(shape.I * shape.J);
        var slices = (int)Math.Clamp((4 << 20) / (long)plane, 1, Math.Min(16, shape.K));
        var bytes = new byte[checked((long)plane * slices * size)];
        var block = new float[(long)plane * slices];
        var voxels = new float[shape.Count];
        for (var k0 = 0; k0 < shape.K; k0 += slices)
        {
            var count = Math.Min(slices, shape.K - k0);
            var wanted = bytes.AsSpan(0, plane * count * size);
            if (stream.ReadFully(wanted) < wanted.Length)
            {
                throw ErrorCatalogue.FileTruncated.With($"{path} ends in slice {k0} to {k0 + count - 1} of {shape.K}.");
            }

            NiftiTypes.Decode(wanted, block.AsSpan(0, plane * count), header.Type, header.BigEndian, header.Scale);
            for (var j = 0; j < shape.J; j++)
            {
                for (var i = 0; i < shape.I; i++)
                {
                    var source = (j * shape.I) + i;
                    var target = (((i * shape.J) + j) * shape.K) + k0;
                    for (var k = 0; k < count; k++)
                    {
                        voxels[target + k] = block[source + (k * plane)];
                    }
                }
            }
        }

        return voxels;
    }

    /// <summary>A stream some of whose first bytes were already read.</summary>
    private sealed class AheadStream(ReadOnlyMemory<byte> ahead, Stream rest) : IDisposable
    {
        private ReadOnlyMemory<byte> _ahead = ahead;

        public int ReadFully(Span<byte> destination)
        {
            var first = Math.Min(_ahead.Length, destination.Length);
            _ahead.Span[..first].CopyTo(destination);
            _ahead = _ahead[first..];
            return first + rest.ReadAtLeast(destination[first..], destination.Length - first, throwOnEndOfStream: false);
        }

        public void Skip(long count)
        {
            var waste = new byte[4096];
            while (count > 0)
            {
                var read = ReadFully(waste.AsSpan(0, (int)Math.Min(count, waste.Length)));
                if (read == 0)
                {
                    return;
                }

                count -= read;
            }
        }

        public void Dispose()
        {
            // The owner of the file disposes it.
        }
    }
}
