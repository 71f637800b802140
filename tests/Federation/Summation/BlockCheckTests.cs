using System.Runtime.InteropServices;
using BrainMVP.Federated.Federation.Summation;
using CsCheck;

namespace BrainMVP.Federated.Federation.Tests.Summation;

public sealed class BlockCheckTests
{
    private static readonly Gen<int[]> Block = Gen.Int.Array[1, 300];

    [Fact]
    public void It_is_what_its_definition_says() => Block.Sample(block => Assert.Equal(Plain(MemoryMarshal.AsBytes(block.AsSpan())), BlockCheck.Of(MemoryMarshal.AsBytes(block.AsSpan()))));

    [Fact]
    public void Adding_gives_the_sum_and_the_checksum_of_what_was_added() => Gen.Select(Block, Gen.Int, Gen.Bool).Sample((block, start, isFirst) =>
    {
        var sum = new int[block.Length];
        Array.Fill(sum, start);
        Assert.Equal(BlockCheck.Of(MemoryMarshal.AsBytes(block.AsSpan())), BlockCheck.Add(sum, block, isFirst));
        Assert.Equal(block.Select(v => isFirst ? v : unchecked(v + start)), sum);
    });

    [Fact]
    public void Every_single_bit_counts() => Gen.Select(Block, Gen.Int[0, int.MaxValue]).Sample((block, place) =>
    {
        var before = BlockCheck.Of(MemoryMarshal.AsBytes(block.AsSpan()));
        block[place % block.Length] ^= 1 << (place % 32);
        Assert.NotEqual(before, BlockCheck.Of(MemoryMarshal.AsBytes(block.AsSpan())));
    });

    [Fact]
    public void Words_that_change_places_are_noticed() => Gen.Select(Gen.Int.Array[64, 300], Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue]).Sample((block, first, second) =>
    {
        var (i, j) = (first % block.Length, second % block.Length);
        var before = BlockCheck.Of(MemoryMarshal.AsBytes(block.AsSpan()));
        (block[i], block[j]) = (block[j], block[i]);
        Assert.Equal(block[i] == block[j], before == BlockCheck.Of(MemoryMarshal.AsBytes(block.AsSpan())));
    });

    /// <summary>Word by word, without vectors.</summary>
    private static ulong Plain(ReadOnlySpan<byte> block)
    {
        var padded = new byte[(block.Length + 63) / 64 * 64];
        block.CopyTo(padded);
        var (a, b) = (new ulong[8], new ulong[8]);
        var words = MemoryMarshal.Cast<byte, ulong>(padded.AsSpan());
        for (var i = 0; i < words.Length; i++)
        {
            a[i % 8] += words[i];
            b[i % 8] += a[i % 8];
        }

        ulong mixed = 0;
        for (var lane = 0; lane < 8; lane++)
        {
            foreach (var word in (ulong[])[a[lane], b[lane]])
            {
                mixed = (((mixed << 29) | (mixed >> 35)) ^ word) * 0x9E3779B97F4A7C15;
            }
        }

        return mixed;
    }
}
