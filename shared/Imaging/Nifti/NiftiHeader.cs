using System.Buffers.Binary;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>
/// What a NIfTI-1 (348 bytes) or NIfTI-2 (540 bytes) header says, in either byte order, checked so that nothing after
/// it needs to doubt a size. Field positions are those of the NIfTI standard.
/// </summary>
internal sealed class NiftiHeader
{
    /// <summary>Bytes of the longer header.</summary>
    public const int MaximumBytes = 540;

    public required VolumeShape Shape { get; init; }

    public required Affine Affine { get; init; }

    public required NiftiType Type { get; init; }

    public required bool BigEndian { get; init; }

    /// <summary>First voxel byte, counted from the start of the file that holds the voxels.</summary>
    public required long DataOffset { get; init; }

    /// <summary>Voxels are in a separate .img file.</summary>
    public required bool IsPair { get; init; }

    /// <summary>Null when voxels are stored as they are: slope 0 or not finite, or slope 1 with intercept 0.</summary>
    public required (double Slope, double Intercept)? Scale { get; init; }

    /// <summary>Volumes along the dimensions after the third, 1 or more.</summary>
    public required long Volumes { get; init; }

    /// <summary>Bytes of one volume.</summary>
    public long DataBytes => Shape.Count * NiftiTypes.SizeOf((int)Type);

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

        return new Fields(bytes[..length], bigEndian, path).Read();
    }

    private readonly ref struct Fields(ReadOnlySpan<byte> bytes, bool bigEndian, string path)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private readonly bool _second = bytes.Length == 540;

        public NiftiHeader Read()
        {
            var magic = _bytes.Slice(_second ? 4 : 344, 4);
            var isPair = magic.SequenceEqual(_second ? "ni2\0"u8 : "ni1\0"u8);
            if (!isPair && !magic.SequenceEqual(_second ? "n+2\0"u8 : "n+1\0"u8))
            {
                throw ErrorCatalogue.NotNifti.With($"{path} has no NIfTI magic (an Analyze 7.5 header has none).");
            }

            var code = Int16(_second ? 12 : 70);
            if (NiftiTypes.SizeOf(code) == 0)
            {
                throw ErrorCatalogue.NiftiUnsupported.With($"{path} has datatype {code}, which is not a scalar integer or float type.");
            }

            var (shape, volumes) = Shape();
            var affine = ReadAffine(shape);
            if (!affine.IsInvertible)
            {
                throw Untrue("its affine cannot be inverted");
            }

            return new NiftiHeader
            {
                Shape = shape,
                Volumes = volumes,
                Affine = affine,
                Type = (NiftiType)code,
                BigEndian = bigEndian,
                IsPair = isPair,
                DataOffset = Offset(isPair),
                Scale = Scale(),
            };
        }

        private (VolumeShape Shape, long Volumes) Shape()
        {
            var count = Dim(0);
            if (count is < 1 or > 7)
            {
                throw Untrue($"dim[0] is {count}");
            }

            if (count < 3)
            {
                throw ErrorCatalogue.NiftiUnsupported.With($"{path} has {count} dimensions; three are needed.");
            }

            Span<int> sizes = stackalloc int[3];
            var volumes = 1L;
            for (var n = 1; n <= count; n++)
            {
                var size = Dim(n);
                if (size is < 1 or > int.MaxValue)
                {
                    throw Untrue($"dim[{n}] is {size}");
                }

                if (n <= 3)
                {
                    sizes[n - 1] = (int)size;
                }
                else if ((volumes *= size) > NiftiReader.MaximumVolumes)
                {
                    throw Untrue($"it holds more than {NiftiReader.MaximumVolumes} volumes");
                }
            }

            // Decimal does not overflow for three 31-bit factors, so the cap is checked before any long product is used.
            var voxels = (decimal)sizes[0] * sizes[1] * sizes[2];
            if (voxels > NiftiReader.MaximumVoxels)
            {
                throw Untrue($"its dimensions {sizes[0]}x{sizes[1]}x{sizes[2]} exceed {NiftiReader.MaximumVoxels} voxels");
            }

            return (new VolumeShape(sizes[0], sizes[1], sizes[2]), volumes);
        }

        private Affine ReadAffine(VolumeShape shape)
        {
            var (qform, sform) = _second ? (Int32(344), Int32(348)) : (Int16(252), Int16(254));
            if (sform > 0)
            {
                Span<double> rows = stackalloc double[12];
                for (var n = 0; n < 12; n++)
                {
                    rows[n] = _second ? Float64(400 + (8 * n)) : Float32(280 + (4 * n));
                }

                return Affine.FromRows(rows);
            }

            double dx = Pixdim(1), dy = Pixdim(2), dz = Pixdim(3);
            if (!(dx > 0 && dy > 0 && dz > 0))
            {
                throw Untrue($"pixdim is {dx}, {dy}, {dz}");
            }

            if (qform > 0)
            {
                return FromQuaternion(dx, dy, dz);
            }

            // No orientation at all: voxels centred on the origin, first axis towards the left.
            return Affine.Scaling(-dx, dy, dz, dx * (shape.I - 1) / 2.0, -dy * (shape.J - 1) / 2.0, -dz * (shape.K - 1) / 2.0);
        }

        private Affine FromQuaternion(double dx, double dy, double dz)
        {
            double b = Quaternion(0), c = Quaternion(1), d = Quaternion(2);
            var square = 1 - ((b * b) + (c * c) + (d * d));
            const double Tolerance = 3 * 1.1920928955078125e-07;
            if (!(square >= -Tolerance))
            {
                throw Untrue($"its quaternion ({b}, {c}, {d}) is longer than 1");
            }

            var a = square < Tolerance ? 0 : Math.Sqrt(square);
            var s = 2 / ((a * a) + (b * b) + (c * c) + (d * d));
            var handed = Pixdim(0) < 0 ? -dz : dz;
            return new Affine(
                (1 - (s * ((c * c) + (d * d)))) * dx, s * ((b * c) - (a * d)) * dy, s * ((b * d) + (a * c)) * handed, Quaternion(3),
                s * ((b * c) + (a * d)) * dx, (1 - (s * ((b * b) + (d * d)))) * dy, s * ((c * d) - (a * b)) * handed, Quaternion(4),
                s * ((b * d) - (a * c)) * dx, s * ((c * d) + (a * b)) * dy, (1 - (s * ((b * b) + (c * c)))) * handed, Quaternion(5));
        }

        private long Offset(bool isPair)
        {
            var offset = _second ? Int64(168) : Float32(108) is var f && f is >= 0 and < 1e15f ? (long)f : -1;
            var least = isPair ? 0 : _second ? 544 : 352;
            if (offset == 0)
            {
                return least;
            }

            // NIfTI-2 writers exist that put voxels straight after 540 bytes; nothing may lie inside the header itself.
            return offset >= (isPair ? 0 : _bytes.Length) && offset < long.MaxValue / 2 ? offset : throw Untrue($"vox_offset is {offset}");
        }

        private (double Slope, double Intercept)? Scale()
        {
            var (slope, intercept) = _second ? (Float64(176), Float64(184)) : (Float32(112), Float32(116));
            if (slope == 0 || !double.IsFinite(slope) || (slope == 1 && intercept == 0))
            {
                return null;
            }

            return double.IsFinite(intercept) ? (slope, intercept) : throw Untrue($"scl_inter is {intercept}");
        }

        private FederationException Untrue(string why) => ErrorCatalogue.NiftiHeaderInvalid.With($"{path}: {why}.");

        private long Dim(int n) => _second ? Int64(16 + (8 * n)) : Int16(40 + (2 * n));

        private double Pixdim(int n) => _second ? Float64(104 + (8 * n)) : Float32(76 + (4 * n));

        /// <summary>quatern_b, c, d, then qoffset_x, y, z.</summary>
        private double Quaternion(int n) => _second ? Float64(352 + (8 * n)) : Float32(256 + (4 * n));

        private int Int16(int at) => bigEndian ? BinaryPrimitives.ReadInt16BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt16LittleEndian(_bytes[at..]);

        private int Int32(int at) => bigEndian ? BinaryPrimitives.ReadInt32BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt32LittleEndian(_bytes[at..]);

        private long Int64(int at) => bigEndian ? BinaryPrimitives.ReadInt64BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt64LittleEndian(_bytes[at..]);

        private float Float32(int at) => bigEndian ? BinaryPrimitives.ReadSingleBigEndian(_bytes[at..]) : BinaryPrimitives.ReadSingleLittleEndian(_bytes[at..]);

        private double Float64(int at) => bigEndian ? BinaryPrimitives.ReadDoubleBigEndian(_bytes[at..]) : BinaryPrimitives.ReadDoubleLittleEndian(_bytes[at..]);
    }
}
