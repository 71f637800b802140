using System.Runtime.InteropServices;
using BrainMVP.Federated.Federation.FixedPoint;
using BrainMVP.Federated.Federation.Updates;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.FixedPoint;

public sealed class RingPackingTests
{
    private static readonly Gen<(int Bits, int[] Values)> Packable =
        from bits in Gen.Int[2, 32]
        from groups in Gen.Int[1, 5]
        from values in Gen.OneOf(Gen.Int[-RingPacking.Largest(bits), RingPacking.Largest(bits)], Gen.Int[-1, 1].Select(sign => sign * RingPacking.Largest(bits))).Array[groups * RingPacking.GroupValues]
        select (bits, values);

    [Fact]
    public void What_is_packed_comes_back() => Packable.Sample(p => Assert.Equal(p.Values, Unpacked(Packed(p.Values, p.Bits), p.Bits)));

    [Fact]
    public void The_first_value_lies_in_the_lowest_bits()
    {
        var values = new int[32];
        (values[0], values[1], values[2]) = (0x123, -1, 5);
        Assert.Equal([0x23, 0xf1, 0xff, 0x05], Packed(values, 12)[..4]);
    }

    [Theory]
    [InlineData(12, 2048)]
    [InlineData(12, -2048)]
    [InlineData(20, 1 << 19)]
    public void A_value_that_does_not_fit_is_refused(int bits, int value)
    {
        var values = new int[32];
        values[31] = value;
        Assert.Throws<ArgumentOutOfRangeException>(() => Packed(values, bits));
    }

    [Fact]
    public void Packed_updates_read_like_plain_ones_from_any_place() => Gen.Select(Packable, Gen.Int[0, 1000], Gen.Int[1, 1000], Gen.Bool).Sample((p, from, count, isFirst) =>
    {
        using var source = PackedUpdates.Over(new Payloads(new Dictionary<string, byte[]> { ["a"] = p.Bits == 32 ? MemoryMarshal.AsBytes(p.Values.AsSpan()).ToArray() : Packed(p.Values, p.Bits) }), p.Bits);
        var first = from % p.Values.Length;
        var length = Math.Min(count, p.Values.Length - first);
        var read = new int[length];
        source.Read("a", first * sizeof(int), MemoryMarshal.AsBytes(read.AsSpan()));
        Assert.Equal(p.Values[first..(first + length)], read);
        var sum = new int[length];
        Array.Fill(sum, 7);
        for (var done = 0; done < length;)
        {
            done += source.Add(sum.AsSpan(done), "a", (first + done) * sizeof(int), isFirst);
        }

        Assert.Equal(read.Select(v => isFirst ? v : unchecked(v + 7)), sum);
    });

    [Theory]
    [InlineData(20, 0.625)]
    [InlineData(21, 0.65625)]
    [InlineData(16, 0.5)]
    public void Fewer_bits_are_fewer_bytes(int bits, double share) => Assert.Equal(share, RingPacking.Bytes(32_000_000, bits) / (32_000_000.0 * sizeof(int)), 6);

    private static byte[] Packed(int[] values, int bits)
    {
        var packed = new byte[RingPacking.Bytes(values.Length, bits)];
        RingPacking.Pack(values, packed, bits);
        return packed;
    }

    private static int[] Unpacked(byte[] packed, int bits)
    {
        var values = new int[packed.Length / RingPacking.GroupBytes(bits) * RingPacking.GroupValues];
        RingPacking.Unpack(packed, values, bits);
        return values;
    }
}
