using System.Buffers.Binary;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>The 352 bytes before the voxels of a NIfTI-1 file, little-endian.</summary>
internal static class NiftiHeaderBytes
{
    /// <summary>NIFTI_XFORM_ALIGNED_ANAT.</summary>
    private const int Aligned = 2;

    /// <summary>NIFTI_UNITS_MM.</summary>
    private const byte Millimetres = 2;

    public static byte[] Of(Volume volume, NiftiType type)
    {
        var bytes = new byte[352];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, 348);
        Int16(bytes, 40, 3);
        var spacing = volume.Affine.Spacing;
        ReadOnlySpan<double> sizes = [spacing.X, spacing.Y, spacing.Z];
        for (var axis = 0; axis < 3; axis++)
        {
            Int16(bytes, 42 + (2 * axis), volume.Shape[axis]);
            Float32(bytes, 80 + (4 * axis), sizes[axis]);
        }

        for (var unused = 4; unused < 8; unused++)
        {
            Int16(bytes, 40 + (2 * unused), 1);
        }

        Int16(bytes, 70, (int)type);
        Int16(bytes, 72, 8 * NiftiTypes.SizeOf((int)type));
        Float32(bytes, 76, 1);
        Float32(bytes, 108, 352);
        Float32(bytes, 112, 1);
        bytes[123] = Millimetres;
        WriteQform(bytes, volume.Affine);
        Int16(bytes, 254, Aligned);
        var rows = volume.Affine.ToRows();
        for (var n = 0; n < rows.Length; n++)
        {
            Float32(bytes, 280 + (4 * n), rows[n]);
        }

        "n+1\0"u8.CopyTo(bytes.AsSpan(344));
        return bytes;
    }

    /// <summary>A quaternion holds a rotation, voxel sizes and a mirrored third axis, but no shear: then the code stays 0.</summary>
    private static void WriteQform(byte[] bytes, Affine affine)
    {
        var (x, y, z) = affine.Spacing;
        var handed = affine.Determinant < 0 ? -1 : 1;
        var r = (affine * Affine.Scaling(1 / x, 1 / y, handed / z)) with { M03 = 0, M13 = 0, M23 = 0 };
        if (!r.IsInvertible || !Transposed(r).IsClose(r.Inverse(), 1e-6))
        {
            return;
        }

        var (b, c, d) = Quaternion(r);
        Int16(bytes, 252, Aligned);
        Float32(bytes, 76, handed);
        ReadOnlySpan<double> values = [b, c, d, affine.M03, affine.M13, affine.M23];
        for (var n = 0; n < values.Length; n++)
        {
            Float32(bytes, 256 + (4 * n), values[n]);
        }
    }

    private static Affine Transposed(Affine r) => new(r.M00, r.M10, r.M20, 0, r.M01, r.M11, r.M21, 0, r.M02, r.M12, r.M22, 0);

    /// <summary>Vector part of the unit quaternion of a rotation whose scalar part is not negative; the largest component is found first, so that nothing is divided by a small number.</summary>
    private static (double B, double C, double D) Quaternion(Affine r)
    {
        Span<double> q =
        [
            1 + r.M00 + r.M11 + r.M22,
            1 + r.M00 - r.M11 - r.M22,
            1 - r.M00 + r.M11 - r.M22,
            1 - r.M00 - r.M11 + r.M22,
        ];
        var largest = 0;
        for (var n = 1; n < 4; n++)
        {
            largest = q[n] > q[largest] ? n : largest;
        }

        // Twice the largest component; products of it with the others stand off the diagonal.
        var twice = Math.Sqrt(q[largest]);
        double ab = r.M21 - r.M12, ac = r.M02 - r.M20, ad = r.M10 - r.M01, bc = r.M10 + r.M01, bd = r.M02 + r.M20, cd = r.M21 + r.M12;
        var (a, b, c, d) = largest switch
        {
            0 => (twice * twice, ab, ac, ad),
            1 => (ab, twice * twice, bc, bd),
            2 => (ac, bc, twice * twice, cd),
            _ => (ad, bd, cd, twice * twice),
        };
        var scale = (a < 0 ? -1 : 1) / (2 * twice);
        return (b * scale, c * scale, d * scale);
    }

    private static void Int16(byte[] bytes, int at, int value) => BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(at), (short)value);

    private static void Float32(byte[] bytes, int at, double value) => BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at), (float)value);
}
