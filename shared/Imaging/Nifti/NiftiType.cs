using System.Buffers.Binary;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>The scalar voxel types of the NIfTI standard.</summary>
internal enum NiftiType
{
    UInt8 = 2,
    Int16 = 4,
    Int32 = 8,
    Float32 = 16,
    Float64 = 64,
    Int8 = 256,
    UInt16 = 512,
    UInt32 = 768,
    Int64 = 1024,
    UInt64 = 1280,
}

internal static class NiftiTypes
{
    /// <summary>Bytes of one voxel; 0 for a type that is not a scalar this reader knows.</summary>
    public static int SizeOf(int code) => (NiftiType)code switch
    {
        NiftiType.UInt8 or NiftiType.Int8 => 1,
        NiftiType.Int16 or NiftiType.UInt16 => 2,
        NiftiType.Int32 or NiftiType.UInt32 or NiftiType.Float32 => 4,
        NiftiType.Float64 or NiftiType.Int64 or NiftiType.UInt64 => 8,
        _ => 0,
    };

    /// <summary>Decodes voxels to float: through double, with slope and intercept when <paramref name="scale"/> is given.</summary>
    public static void Decode(ReadOnlySpan<byte> bytes, Span<float> values, NiftiType type, bool bigEndian, (double Slope, double Intercept)? scale)
    {
        var size = SizeOf((int)type);
        for (var n = 0; n < values.Length; n++)
        {
            var raw = One(bytes.Slice(n * size, size), type, bigEndian);
            values[n] = scale is { } s ? (float)((raw * s.Slope) + s.Intercept) : (float)raw;
        }
    }

    private static double One(ReadOnlySpan<byte> b, NiftiType type, bool bigEndian) => type switch
    {
        NiftiType.UInt8 => b[0],
        NiftiType.Int8 => (sbyte)b[0],
        NiftiType.Int16 => bigEndian ? BinaryPrimitives.ReadInt16BigEndian(b) : BinaryPrimitives.ReadInt16LittleEndian(b),
        NiftiType.UInt16 => bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(b) : BinaryPrimitives.ReadUInt16LittleEndian(b),
        NiftiType.Int32 => bigEndian ? BinaryPrimitives.ReadInt32BigEndian(b) : BinaryPrimitives.ReadInt32LittleEndian(b),
        NiftiType.UInt32 => bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(b) : BinaryPrimitives.ReadUInt32LittleEndian(b),
        NiftiType.Float32 => bigEndian ? BinaryPrimitives.ReadSingleBigEndian(b) : BinaryPrimitives.ReadSingleLittleEndian(b),
        NiftiType.Float64 => bigEndian ? BinaryPrimitives.ReadDoubleBigEndian(b) : BinaryPrimitives.ReadDoubleLittleEndian(b),
        NiftiType.Int64 => bigEndian ? BinaryPrimitives.ReadInt64BigEndian(b) : BinaryPrimitives.ReadInt64LittleEndian(b),
        _ => bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(b) : BinaryPrimitives.ReadUInt64LittleEndian(b),
    };
}
