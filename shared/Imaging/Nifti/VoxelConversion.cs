using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>
/// Stored voxels to float, as nibabel does it: without scaling one rounding from the stored value, with scaling
/// slope and intercept in double and then one rounding. A unit slope or a zero intercept is not applied, so that
/// minus zero keeps its sign.
/// </summary>
internal static class VoxelConversion
{
    /// <param name="bytes">Voxels as stored; swapped in place when their byte order is not this machine's.</param>
    /// <param name="values">One for each voxel.</param>
    public static void ToFloat(Span<byte> bytes, Span<float> values, NiftiType type, bool bigEndian, (double Slope, double Intercept)? scale)
    {
        if (bigEndian == BitConverter.IsLittleEndian)
        {
            Swap(bytes, NiftiTypes.SizeOf((int)type));
        }

        switch (type)
        {
            // Exact as float, so scaling may start from the float.
            case NiftiType.UInt8:
                Widen(bytes, values);
                break;
            case NiftiType.Int8:
                Widen(MemoryMarshal.Cast<byte, sbyte>(bytes), values);
                break;
            case NiftiType.Int16:
                Widen(MemoryMarshal.Cast<byte, short>(bytes), values);
                break;
            case NiftiType.UInt16:
                Widen(MemoryMarshal.Cast<byte, ushort>(bytes), values);
                break;
            case NiftiType.Float32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
                break;
            default:
                Round(bytes, values, type, scale);
                return;
        }

        if (scale is { } s)
        {
            Apply(values, s.Slope, s.Intercept);
        }
    }

    private static void Swap(Span<byte> bytes, int size)
    {
        switch (size)
        {
            case 2:
                var two = MemoryMarshal.Cast<byte, short>(bytes);
                BinaryPrimitives.ReverseEndianness(two, two);
                break;
            case 4:
                var four = MemoryMarshal.Cast<byte, int>(bytes);
                BinaryPrimitives.ReverseEndianness(four, four);
                break;
            case 8:
                var eight = MemoryMarshal.Cast<byte, long>(bytes);
                BinaryPrimitives.ReverseEndianness(eight, eight);
                break;
        }
    }

    private static void Widen(ReadOnlySpan<short> from, Span<float> to)
    {
        var n = 0;
        ref var source = ref MemoryMarshal.GetReference(from);
        ref var target = ref MemoryMarshal.GetReference(to);
        for (; n <= from.Length - Vector256<short>.Count; n += Vector256<short>.Count)
        {
            var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)n));
            Vector256.ConvertToSingle(low).StoreUnsafe(ref target, (nuint)n);
            Vector256.ConvertToSingle(high).StoreUnsafe(ref target, (nuint)n + 8);
        }

        for (; n < from.Length; n++)
        {
            to[n] = from[n];
        }
    }

    private static void Widen(ReadOnlySpan<ushort> from, Span<float> to)
    {
        var n = 0;
        ref var source = ref MemoryMarshal.GetReference(from);
        ref var target = ref MemoryMarshal.GetReference(to);
        for (; n <= from.Length - Vector256<ushort>.Count; n += Vector256<ushort>.Count)
        {
            var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)n));
            Vector256.ConvertToSingle(low.AsInt32()).StoreUnsafe(ref target, (nuint)n);
            Vector256.ConvertToSingle(high.AsInt32()).StoreUnsafe(ref target, (nuint)n + 8);
        }

        for (; n < from.Length; n++)
        {
            to[n] = from[n];
        }
    }

    private static void Widen(ReadOnlySpan<byte> from, Span<float> to)
    {
        var n = 0;
        ref var source = ref MemoryMarshal.GetReference(from);
        ref var target = ref MemoryMarshal.GetReference(to);
        for (; n <= from.Length - Vector128<byte>.Count; n += Vector128<byte>.Count)
        {
            var (low, high) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)n));
            var (a, b) = Vector128.Widen(low);
            var (c, d) = Vector128.Widen(high);
            Vector128.ConvertToSingle(a.AsInt32()).StoreUnsafe(ref target, (nuint)n);
            Vector128.ConvertToSingle(b.AsInt32()).StoreUnsafe(ref target, (nuint)n + 4);
            Vector128.ConvertToSingle(c.AsInt32()).StoreUnsafe(ref target, (nuint)n + 8);
            Vector128.ConvertToSingle(d.AsInt32()).StoreUnsafe(ref target, (nuint)n + 12);
        }

        for (; n < from.Length; n++)
        {
            to[n] = from[n];
        }
    }

    private static void Widen(ReadOnlySpan<sbyte> from, Span<float> to)
    {
        for (var n = 0; n < from.Length; n++)
        {
            to[n] = from[n];
        }
    }

    private static void Apply(Span<float> values, double slope, double intercept)
    {
        var n = 0;
        ref var reference = ref MemoryMarshal.GetReference(values);
        var (slopes, intercepts) = (Vector256.Create(slope), Vector256.Create(intercept));
        for (; n <= values.Length - Vector256<float>.Count; n += Vector256<float>.Count)
        {
            var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref reference, (nuint)n));
            (low, high) = (low * slopes, high * slopes);
            if (intercept != 0)
            {
                (low, high) = (low + intercepts, high + intercepts);
            }

            Vector256.Narrow(low, high).StoreUnsafe(ref reference, (nuint)n);
        }

        for (; n < values.Length; n++)
        {
            values[n] = Scaled(values[n], slope, intercept);
        }
    }

    /// <summary>Types that float does not hold exactly.</summary>
    private static void Round(ReadOnlySpan<byte> bytes, Span<float> values, NiftiType type, (double Slope, double Intercept)? scale)
    {
        switch (type)
        {
            case NiftiType.Int32:
                var int32 = MemoryMarshal.Cast<byte, int>(bytes);
                for (var n = 0; n < values.Length; n++)
                {
                    values[n] = scale is { } s ? Scaled(int32[n], s.Slope, s.Intercept) : int32[n];
                }

                break;
            case NiftiType.UInt32:
                var uint32 = MemoryMarshal.Cast<byte, uint>(bytes);
                for (var n = 0; n < values.Length; n++)
                {
                    values[n] = scale is { } s ? Scaled(uint32[n], s.Slope, s.Intercept) : (float)(double)uint32[n];
                }

                break;
            case NiftiType.Int64:
                var int64 = MemoryMarshal.Cast<byte, long>(bytes);
                for (var n = 0; n < values.Length; n++)
                {
                    values[n] = scale is { } s ? Scaled(int64[n], s.Slope, s.Intercept) : int64[n];
                }

                break;
            case NiftiType.UInt64:
                var uint64 = MemoryMarshal.Cast<byte, ulong>(bytes);
                for (var n = 0; n < values.Length; n++)
                {
                    values[n] = scale is { } s ? Scaled(uint64[n], s.Slope, s.Intercept) : uint64[n];
                }

                break;
            default:
                var float64 = MemoryMarshal.Cast<byte, double>(bytes);
                for (var n = 0; n < values.Length; n++)
                {
                    values[n] = scale is { } s ? Scaled(float64[n], s.Slope, s.Intercept) : (float)float64[n];
                }

                break;
        }
    }

    private static float Scaled(double raw, double slope, double intercept) => (float)(intercept == 0 ? raw * slope : (raw * slope) + intercept);
}
