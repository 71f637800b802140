using System.Buffers.Binary;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>
/// The fields of a NIfTI-1 (348 bytes) or NIfTI-2 (540 bytes) header by name, in either byte order. Positions are those
/// of the NIfTI standard; nothing is checked here.
/// </summary>
internal readonly ref struct NiftiFields(ReadOnlySpan<byte> bytes, bool bigEndian)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes of a NIfTI-2 header, the longer one.</summary>
    public const int SecondBytes = 540;

    /// <summary>NIfTI-2.</summary>
    public bool IsSecond => _bytes.Length == SecondBytes;

    public int Length => _bytes.Length;

    public ReadOnlySpan<byte> Magic => _bytes.Slice(IsSecond ? 4 : 344, 4);

    public int DataType => Int16(IsSecond ? 12 : 70);

    /// <summary>NIfTI-1 stores it as float; not finite or negative becomes -1.</summary>
    public long VoxelOffset => IsSecond ? Int64(168) : Float32(108) is var f && f is >= 0 and < 1e15f ? (long)f : -1;

    public double Slope => IsSecond ? Float64(176) : Float32(112);

    public double Intercept => IsSecond ? Float64(184) : Float32(116);

    public int QformCode => IsSecond ? Int32(344) : Int16(252);

    public int SformCode => IsSecond ? Int32(348) : Int16(254);

    /// <summary>Number 0 is the number of dimensions, 1 to 7 are their sizes.</summary>
    public long Dimension(int n) => IsSecond ? Int64(16 + (8 * n)) : Int16(40 + (2 * n));

    /// <summary>Number 0 is the handedness of the quaternion, 1 to 3 are voxel sizes.</summary>
    public double Size(int n) => IsSecond ? Float64(104 + (8 * n)) : Float32(76 + (4 * n));

    /// <summary>quatern_b, c, d, then qoffset_x, y, z.</summary>
    public double Quaternion(int n) => IsSecond ? Float64(352 + (8 * n)) : Float32(256 + (4 * n));

    /// <summary>srow_x, srow_y, srow_z: twelve numbers, row by row.</summary>
    public double Sform(int n) => IsSecond ? Float64(400 + (8 * n)) : Float32(280 + (4 * n));

    private int Int16(int at) => bigEndian ? BinaryPrimitives.ReadInt16BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt16LittleEndian(_bytes[at..]);

    private int Int32(int at) => bigEndian ? BinaryPrimitives.ReadInt32BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt32LittleEndian(_bytes[at..]);

    private long Int64(int at) => bigEndian ? BinaryPrimitives.ReadInt64BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt64LittleEndian(_bytes[at..]);

    private float Float32(int at) => bigEndian ? BinaryPrimitives.ReadSingleBigEndian(_bytes[at..]) : BinaryPrimitives.ReadSingleLittleEndian(_bytes[at..]);

    private double Float64(int at) => bigEndian ? BinaryPrimitives.ReadDoubleBigEndian(_bytes[at..]) : BinaryPrimitives.ReadDoubleLittleEndian(_bytes[at..]);
}
