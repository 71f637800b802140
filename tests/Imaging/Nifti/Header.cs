using System.Buffers.Binary;

namespace BrainMVP.Federated.Imaging.Tests.Nifti;

/// <summary>Makes NIfTI files field by field, also ones that no honest program writes.</summary>
internal sealed record Header
{
    public bool Second { get; init; }

    public bool Big { get; init; }

    public bool Pair { get; init; }

    public int Type { get; init; } = 16;

    public long I { get; init; } = 2;

    public long J { get; init; } = 3;

    public long K { get; init; } = 4;

    public int Frames { get; init; }

    public double Slope { get; init; }

    public double Intercept { get; init; }

    public int Qform { get; init; }

    public int Sform { get; init; }

    public double D { get; init; }

    public double Qfac { get; init; } = 1;

    public (double X, double Y, double Z) Offset { get; init; }

    public float? VoxOffset { get; init; }

    /// <summary>Voxel sizes in pixdim.</summary>
    public (double X, double Y, double Z) Sizes { get; init; } = (1, 2, 3);

    /// <summary>srow_x, srow_y, srow_z; zeros when null.</summary>
    public double[]? Rows { get; init; }

    public byte[] Bytes(byte[] data)
    {
        var start = Second ? 544 : 352;
        var b = new byte[start];
        Int32(b, 0, Second ? 540 : 348);
        (Second ? Pair ? "ni2\0"u8 : "n+2\0"u8 : Pair ? "ni1\0"u8 : "n+1\0"u8).CopyTo(b.AsSpan(Second ? 4 : 344));
        Int16(b, Second ? 12 : 70, Type);
        long[] dims = [Frames > 0 ? 4 : 3, I, J, K, Math.Max(1, Frames)];
        double[] sizes = [Qfac, Sizes.X, Sizes.Y, Sizes.Z];
        for (var n = 0; n < dims.Length; n++)
        {
            if (Second)
            {
                Int64(b, 16 + (8 * n), dims[n]);
            }
            else
            {
                Int16(b, 40 + (2 * n), (int)dims[n]);
            }
        }

        for (var n = 0; n < 4; n++)
        {
            Number(b, Second ? 104 + (8 * n) : 76 + (4 * n), sizes[n]);
        }

        if (Second)
        {
            Int64(b, 168, (long)(VoxOffset ?? (Pair ? 0 : start)));
            Int32(b, 344, Qform);
            Int32(b, 348, Sform);
        }
        else
        {
            Number(b, 108, VoxOffset ?? (Pair ? 0 : start));
            Int16(b, 252, Qform);
            Int16(b, 254, Sform);
        }

        Number(b, Second ? 176 : 112, Slope);
        Number(b, Second ? 184 : 116, Intercept);
        var (at, step) = Second ? (352, 8) : (256, 4);
        Number(b, at + (2 * step), D);
        Number(b, at + (3 * step), Offset.X);
        Number(b, at + (4 * step), Offset.Y);
        Number(b, at + (5 * step), Offset.Z);
        for (var n = 0; n < (Rows?.Length ?? 0); n++)
        {
            Number(b, at + ((6 + n) * step), Rows![n]);
        }

        return [.. b, .. data];
    }

    public void PutNumber(Span<byte> to, int code, int value)
    {
        Span<byte> little = stackalloc byte[8];
        little.Clear();
        if (code == 16)
        {
            BinaryPrimitives.WriteSingleLittleEndian(little, value);
        }
        else if (code == 64)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(little, value);
        }
        else
        {
            BinaryPrimitives.WriteInt64LittleEndian(little, value);
        }

        little[..to.Length].CopyTo(to);
        if (Big)
        {
            to.Reverse();
        }
    }

    private void Int16(byte[] b, int at, int value) => Put(b, at, BitConverter.GetBytes((short)value));

    private void Int32(byte[] b, int at, int value) => Put(b, at, BitConverter.GetBytes(value));

    private void Int64(byte[] b, int at, long value) => Put(b, at, BitConverter.GetBytes(value));

    private void Number(byte[] b, int at, double value) => Put(b, at, Second ? BitConverter.GetBytes(value) : BitConverter.GetBytes((float)value));

    private void Put(byte[] b, int at, byte[] little)
    {
        if (Big)
        {
            Array.Reverse(little);
        }

        little.CopyTo(b, at);
    }
}
