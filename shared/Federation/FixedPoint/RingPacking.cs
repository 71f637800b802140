using System.Buffers.Binary;

namespace BrainMVP.Federated.Federation.FixedPoint;

/// <summary>
/// Integers of a ring of b &lt; 32 bits without gaps: 32 values fill b little-endian 32-bit words, the first value in the
/// lowest bits. Values are two's complement; the last group is filled up with zeros.
/// </summary>
public static class RingPacking
{
    /// <summary>Values of one group.</summary>
    public const int GroupValues = 32;

    /// <summary>Bytes of so many values.</summary>
    public static long Bytes(long values, int bits) => (values + GroupValues - 1) / GroupValues * GroupBytes(bits);

    /// <summary>Bytes of one group.</summary>
    public static int GroupBytes(int bits) => bits * sizeof(int);

    /// <summary>Largest absolute value of a ring.</summary>
    public static int Largest(int bits) => int.MaxValue >> (32 - bits);

    /// <summary>Packs whole groups.</summary>
    /// <param name="values">A multiple of <see cref="GroupValues"/>, each at most <see cref="Largest"/> in magnitude.</param>
    /// <param name="packed">Receives <see cref="Bytes"/>.</param>
    /// <param name="bits">2..32.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value does not fit into the ring.</exception>
    public static void Pack(ReadOnlySpan<int> values, Span<byte> packed, int bits)
    {
        var mask = uint.MaxValue >> (32 - bits);
        var largest = Largest(bits);
        ulong gathered = 0;
        var (filled, at) = (0, 0);
        foreach (var value in values)
        {
            if (value > largest || value < -largest)
            {
                throw new ArgumentOutOfRangeException(nameof(values), value, $"The value does not fit into a ring of {bits} bits.");
            }

            gathered |= (ulong)((uint)value & mask) << filled;
            filled += bits;
            if (filled >= 32)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(packed[at..], (uint)gathered);
                gathered >>= 32;
                filled -= 32;
                at += sizeof(uint);
            }
        }
    }

    /// <summary>Unpacks whole groups.</summary>
    /// <param name="packed">A multiple of <see cref="GroupBytes"/>.</param>
    /// <param name="values">Receives 32 values of each group.</param>
    /// <param name="bits">2..32.</param>
    public static void Unpack(ReadOnlySpan<byte> packed, Span<int> values, int bits)
    {
        var shift = 32 - bits;
        ulong gathered = 0;
        var (filled, at) = (0, 0);
        for (var i = 0; i < values.Length; i++)
        {
            if (filled < bits)
            {
                gathered |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(packed[at..]) << filled;
                filled += 32;
                at += sizeof(uint);
            }

            values[i] = (int)((uint)gathered << shift) >> shift;
            gathered >>= bits;
            filled -= bits;
        }
    }
}
