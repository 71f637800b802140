using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>
/// Reads NIfTI-1 and NIfTI-2 files: .nii, .nii.gz (recognised by its first bytes, not its name) and .hdr/.img pairs,
/// packed or not. Memory is bounded before it is taken: a volume has at most <see cref="MaximumVoxels"/>; a plain file
/// must have the very length that its header says; a gzip file must be long enough for deflate's greatest expansion,
/// and where its header claims more than 64 MiB of floats at more than 64 times the file's length it is first unpacked
/// without keeping anything. So a file of F bytes takes at most 4 F bytes as floats when plain, and when packed 256 F
/// or 64 MiB on its word alone and 4128 F (1032 times as bytes, four times that as floats) when the voxels are there;
/// never more than 1 GiB. Time is bounded by the bytes that the header claims: reading stops at the first byte beyond.
/// </summary>
public static class NiftiReader
{
    /// <summary>Largest volume read: 256 Mi voxels, 1 GiB as float.</summary>
    public const long MaximumVoxels = 256L * 1024 * 1024;

    /// <summary>Most volumes of one file, for example of a time series.</summary>
    public const long MaximumVolumes = 100_000;

    /// <summary>Farthest end of a volume inside a gzip file, 16 GiB: all before it must be unpacked.</summary>
    public const long MaximumUnpacked = 16L * 1024 * 1024 * 1024;

    /// <summary>Floats and expansion that a gzip header is believed on its word alone.</summary>
    private const long TrustedBytes = 64L * 1024 * 1024;
    private const long TrustedExpansion = 64;

    /// <param name="path">A .nii, .nii.gz, .hdr or .img file.</param>
    /// <param name="volume">0-based volume of a file that holds several; null when it must hold exactly one.</param>
    /// <exception cref="FederationException">BMF-1102 to BMF-1105 for a file that cannot be used, BMF-1110 when it cannot be opened.</exception>
    public static Volume Read(string path, int? volume = null) => Read(path, volume, OpenOnDisk);

    /// <summary>Reads the header alone; a pair's .img must be there and, unless packed, of the right length.</summary>
    /// <exception cref="FederationException">As <see cref="Read(string, int?)"/>, as far as header and lengths tell.</exception>
    public static NiftiInfo ReadInfo(string path) => ReadInfo(path, OpenOnDisk);

    /// <summary>The same from files that are anywhere.</summary>
    internal static Volume Read(string path, int? volume, OpenFile open) => Guarded(path, () =>
    {
        using var file = NiftiPair.OpenHeader(open, path);
        var header = file.ReadHeader();
        if (volume is null && header.Volumes != 1)
        {
            throw ErrorCatalogue.NiftiUnsupported.With($"{path} holds {header.Volumes} volumes; one is needed.");
        }

        if (volume is { } n && (n < 0 || n >= header.Volumes))
        {
            throw ErrorCatalogue.NiftiUnsupported.With($"{path} holds {header.Volumes} volumes; number {n} (counted from 0) is not among them.");
        }

        using var image = header.IsPair ? NiftiPair.OpenImage(open, file.Path) : null;
        return ReadVolume(open, image ?? file, header, volume ?? 0);
    });

    /// <summary>The same from files that are anywhere.</summary>
    internal static NiftiInfo ReadInfo(string path, OpenFile open) => Guarded(path, () =>
    {
        using var file = NiftiPair.OpenHeader(open, path);
        var header = file.ReadHeader();
        using var image = header.IsPair ? NiftiPair.OpenImage(open, file.Path) : null;
        CheckLength(image ?? file, header, 0);
        string?[] warnings = [header.Warning, Trailing(image ?? file, header)];
        return new NiftiInfo(header.Shape, header.Volumes, header.Affine, header.Type.ToString().ToLowerInvariant())
        {
            Warning = warnings.Any(w => w is not null) ? string.Join(" ", warnings.Where(w => w is not null)) : null,
        };
    });

    private static Stream? OpenOnDisk(string path) => Path.Exists(path) ? RegularFile.OpenRead(path) : null;

    private static T Guarded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e)
        {
            throw ErrorCatalogue.FileTruncated.With($"{path} holds a damaged gzip stream.", e);
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

    /// <summary>Compares what the header claims with what the file can hold.</summary>
    private static void CheckLength(NiftiInput image, NiftiHeader header, int volume)
    {
        var (start, end) = (header.StartOf(volume), header.StartOf(volume + 1L));
        if (end > image.MostBytes)
        {
            throw ErrorCatalogue.FileTruncated.With($"{image.Path} is too short for {header.Shape} voxels of {header.Type} from byte {start} on.");
        }

        if (image.IsGzip)
        {
            if (end > MaximumUnpacked)
            {
                throw ErrorCatalogue.NiftiUnsupported.With($"{image.Path}: volume {volume} ends at byte {end} of a gzip stream, beyond {MaximumUnpacked}; unpack the file first.");
            }
        }
    }

    /// <summary>
    /// Bytes after the last voxel are not read: some programs pad their files. A person should know all the same, since
    /// a header that counts too few slices looks like that too. Inside gzip they are not seen without unpacking.
    /// </summary>
    private static string? Trailing(NiftiInput image, NiftiHeader header) => !image.IsGzip && image.FileBytes > header.StartOf(header.Volumes)
        ? $"The file goes on for {image.FileBytes - header.StartOf(header.Volumes)} bytes after the voxels that its header accounts for."
        : null;

    private static Volume ReadVolume(OpenFile open, NiftiInput image, NiftiHeader header, int volume)
    {
        CheckLength(image, header, volume);
        var end = header.StartOf(volume + 1L);
        if (image.IsGzip && header.Shape.Count * sizeof(float) > TrustedBytes && end / TrustedExpansion > image.FileBytes && !NiftiInput.Holds(open, image.Path, end))
        {
            throw ErrorCatalogue.FileTruncated.With($"{image.Path} is too short for {header.Shape} voxels of {header.Type}.");
        }

        image.Skip(header.StartOf(volume));
        var voxels = VoxelReader.Read(image, header);

        // Asking for one byte more makes gzip compare its checksum with what it unpacked.
        if (image.IsGzip && volume == header.Volumes - 1)
        {
            _ = image.Read(stackalloc byte[1]);
        }

        return new Volume(header.Shape, header.Affine, voxels);
    }
}
