using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Nifti;

namespace BrainMVP.Federated.Imaging.Tests.Nifti;

public sealed class VoxelConversionTests
{
    /// <summary>nibabel's arithmetic: scaling in double, one rounding; unit slope and zero intercept are not applied.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(64)]
    [InlineData(256)]
    [InlineData(512)]
    [InlineData(768)]
    [InlineData(1024)]
    [InlineData(1280)]
    public void Random_bits_become_the_floats_of_the_formula(int code)
    {
        var (type, size) = ((NiftiType)code, NiftiTypes.SizeOf(code));
        var random = new CounterRandom(9, "conversion", code);
        foreach (var scale in ((double, double)?[])[null, (5.556863, 0), (1, 3.25), (-0.0173f, -7.1f), (2, 0)])
        {
            foreach (var big in (bool[])[false, true])
            {
                for (var count = 0; count < 70; count++)
                {
                    var little = new byte[count * size];
                    for (var n = 0; n < little.Length; n++)
                    {
                        // Every fourth voxel is zero, or minus zero in the float types.
                        little[n] = n / size % 4 != 0 ? (byte)random.NextUInt32() : n % size == size - 1 && type is NiftiType.Float32 or NiftiType.Float64 ? (byte)0x80 : (byte)0;
                    }

                    byte[] stored = big ? [.. little.Chunk(size).SelectMany(v => v.Reverse())] : [.. little];
                    var values = new float[count];
                    VoxelConversion.ToFloat(stored, values, type, big, scale);
                    for (var n = 0; n < count; n++)
                    {
                        var expected = Plain(little.AsSpan(n * size, size), type, scale);
                        Assert.True(
                            BitConverter.SingleToUInt32Bits(expected) == BitConverter.SingleToUInt32Bits(values[n]) || (float.IsNaN(expected) && float.IsNaN(values[n])),
                            $"{type}, scale {scale}, voxel {n} of {count}: {values[n]:R} is not {expected:R}");
                    }
                }
            }
        }
    }

    private static float Plain(ReadOnlySpan<byte> b, NiftiType type, (double Slope, double Intercept)? scale)
    {
        if (scale is null && type is NiftiType.Int64)
        {
            return BitConverter.ToInt64(b);
        }

        if (scale is null && type is NiftiType.UInt64)
        {
            return BitConverter.ToUInt64(b);
        }

        double raw = type switch
        {
            NiftiType.UInt8 => b[0],
            NiftiType.Int8 => (sbyte)b[0],
            NiftiType.Int16 => BitConverter.ToInt16(b),
            NiftiType.UInt16 => BitConverter.ToUInt16(b),
            NiftiType.Int32 => BitConverter.ToInt32(b),
            NiftiType.UInt32 => BitConverter.ToUInt32(b),
            NiftiType.Float32 => BitConverter.ToSingle(b),
            NiftiType.Float64 => BitConverter.ToDouble(b),
            NiftiType.Int64 => BitConverter.ToInt64(b),
            _ => BitConverter.ToUInt64(b),
        };
        if (scale is { } s)
        {
            raw = s.Slope == 1 ? raw : raw * s.Slope;
            raw = s.Intercept == 0 ? raw : raw + s.Intercept;
        }

        return (float)raw;
    }
}
