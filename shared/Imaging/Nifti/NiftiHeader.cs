using System.Buffers.Binary;
using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>What a NIfTI-1 or NIfTI-2 header says, in either byte order, checked so that nothing after it needs to doubt a size.</summary>
internal sealed class NiftiHeader
{
    /// <summary>Bytes of the longer header.</summary>
    public const int MaximumBytes = NiftiFields.SecondBytes;

    /// <summary>Most bytes before the first voxel: the header and its extensions, 64 MiB.</summary>
    public const long MaximumOffset = 64L * 1024 * 1024;

    public required VolumeShape Shape { get; init; }

    public required Affine Affine { get; init; }

    /// <summary>What is odd about the header, in words; null when nothing is.</summary>
    public required string? Warning { get; init; }

    public required NiftiType Type { get; init; }

    public required bool BigEndian { get; init; }

    /// <summary>First voxel byte, counted from the start of the file that holds the voxels; at most <see cref="MaximumOffset"/>.</summary>
    public required long DataOffset { get; init; }

    /// <summary>Voxels are in a separate .img file.</summary>
    public required bool IsPair { get; init; }

    /// <summary>Null when voxels are stored as they are: slope 0 or not finite, or slope 1 with intercept 0.</summary>
    public required (double Slope, double Intercept)? Scale { get; init; }

    /// <summary>Volumes along the dimensions after the third, 1 to <see cref="NiftiReader.MaximumVolumes"/>.</summary>
    public required long Volumes { get; init; }

    /// <summary>Bytes of one voxel.</summary>
    public int VoxelBytes => NiftiTypes.SizeOf((int)Type);

    /// <summary>Bytes of one volume, at most 2 GiB.</summary>
    public long VolumeBytes => Shape.Count * VoxelBytes;

    /// <summary>Bytes before a volume: at most 10^5 volumes of 2 GiB, so there is no overflow.</summary>
    public long StartOf(long volume) => DataOffset + (VolumeBytes * volume);

    /// <param name="bytes">The first bytes of the file, up to <see cref="MaximumBytes"/>.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="FederationException">BMF-1102, BMF-1103, BMF-1104 or BMF-1105.</exception>
    public static NiftiHeader Parse(ReadOnlySpan<byte> bytes, string path)
    {
        if (bytes.Length < 4)
        {
            throw ErrorCatalogue.FileTruncated.With($"{path} has {bytes.Length} bytes, less than any header.");
        }

        var (little, big) = (BinaryPrimitives.ReadInt32LittleEndian(bytes), BinaryPrimitives.ReadInt32BigEndian(bytes));
        if ((little, big) is not ((348 or 540, _) or (_, 348 or 540)))
        {
            throw ErrorCatalogue.NotNifti.With($"{path} does not begin with a NIfTI header.");
        }

        var bigEndian = big is 348 or 540;
        var length = bigEndian ? big : little;
        if (bytes.Length < length)
        {
            throw ErrorCatalogue.FileTruncated.With($"{path} ends inside its header of {length} bytes.");
        }

        return Read(new NiftiFields(bytes[..length], bigEndian), bigEndian, path);
    }

    private static NiftiHeader Read(NiftiFields fields, bool bigEndian, string path)
    {
        var isPair = fields.Magic.SequenceEqual(fields.IsSecond ? "ni2\0"u8 : "ni1\0"u8);
        if (!isPair && !fields.Magic.SequenceEqual(fields.IsSecond ? "n+2\0"u8 : "n+1\0"u8))
        {
            throw ErrorCatalogue.NotNifti.With($"{path} has no NIfTI magic (an Analyze 7.5 header has none).");
        }

        if (NiftiTypes.SizeOf(fields.DataType) == 0)
        {
            throw ErrorCatalogue.NiftiUnsupported.With($"{path} has datatype {fields.DataType}, which is not a scalar integer or float type.");
        }

        var (shape, volumes) = Dimensions(fields, path);
        var (affine, warning) = NiftiOrientation.Read(fields, shape, path);
        return new NiftiHeader
        {
            Shape = shape,
            Volumes = volumes,
            Affine = affine,
            Warning = warning,
            Type = (NiftiType)fields.DataType,
            BigEndian = bigEndian,
            IsPair = isPair,
            DataOffset = Offset(fields, isPair, path),
            Scale = Scaling(fields, path),
        };
    }

    private static (VolumeShape Shape, long Volumes) Dimensions(NiftiFields fields, string path)
    {
        var count = fields.Dimension(0);
        if (count is < 1 or > 7)
        {
            throw Untrue(path, $"dim[0] is {count}");
        }

        if (count < 3)
        {
            throw ErrorCatalogue.NiftiUnsupported.With($"{path} has {count} dimensions; three are needed.");
        }

        Span<int> sizes = stackalloc int[3];
        var volumes = 1L;
        for (var n = 1; n <= count; n++)
        {
            var size = fields.Dimension(n);
            if (size is < 1 or > int.MaxValue)
            {
                throw Untrue(path, $"dim[{n}] is {size}");
            }

            if (n <= 3)
            {
                sizes[n - 1] = (int)size;
            }
            else if ((volumes *= size) > NiftiReader.MaximumVolumes)
            {
                throw Untrue(path, $"it holds more than {NiftiReader.MaximumVolumes} volumes");
            }
        }

        // Decimal does not overflow for three 31-bit factors, so the cap is checked before any long product is used.
        var voxels = (decimal)sizes[0] * sizes[1] * sizes[2];
        if (voxels > NiftiReader.MaximumVoxels)
        {
            throw Untrue(path, $"its dimensions {sizes[0]}x{sizes[1]}x{sizes[2]} exceed {NiftiReader.MaximumVoxels} voxels");
        }

        return (new VolumeShape(sizes[0], sizes[1], sizes[2]), volumes);
    }

    private static long Offset(NiftiFields fields, bool isPair, string path)
    {
        var offset = fields.VoxelOffset;
        if (offset == 0)
        {
            return isPair ? 0 : fields.IsSecond ? 544 : 352;
        }

        // NIfTI-2 writers exist that put voxels straight after 540 bytes; nothing may lie inside the header itself.
        return offset >= (isPair ? 0 : fields.Length) && offset <= MaximumOffset ? offset : throw Untrue(path, $"vox_offset is {offset}");
    }

    private static (double Slope, double Intercept)? Scaling(NiftiFields fields, string path)
    {
        var (slope, intercept) = (fields.Slope, fields.Intercept);
        if (slope == 0 || !double.IsFinite(slope) || (slope == 1 && intercept == 0))
        {
            return null;
        }

        return double.IsFinite(intercept) ? (slope, intercept) : throw Untrue(path, string.Create(CultureInfo.InvariantCulture, $"scl_inter is {intercept}"));
    }

    private static FederationException Untrue(string path, FormattableString why) =>
        ErrorCatalogue.NiftiHeaderInvalid.With($"{path}: {FormattableString.Invariant(why)}.");

    private static FederationException Untrue(string path, string why) => ErrorCatalogue.NiftiHeaderInvalid.With($"{path}: {why}.");
}
