using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace BrainMVP.Federated.Federation.Summation;

/// <summary>
/// Checksum of a block of an update that can be computed while the block is added to a sum, so that checking costs no pass
/// of its own. The block is eight lanes of little-endian 64-bit words, word i in lane i mod 8, filled up with zeros; of each
/// lane it takes the sum a of the words and the sum b of the running sums, modulo 2⁶⁴ (Fletcher 1982), and mixes the
/// sixteen numbers. Any change within one word is found; changes of several words that cancel in both sums, or mix to the
/// same number, are as rare as 2⁻⁶⁴. It finds what a disk alters, not what somebody alters on purpose.
/// </summary>
public static class BlockCheck
{
    private const int LaneBytes = 64;
    private const int LaneInts = LaneBytes / sizeof(int);

    /// <summary>Checksum of a block.</summary>
    public static ulong Of(ReadOnlySpan<byte> block)
    {
        var a = Vector512<ulong>.Zero;
        var b = Vector512<ulong>.Zero;
        ref var from = ref MemoryMarshal.GetReference(block);
        var whole = (nuint)(block.Length - (block.Length % LaneBytes));
        for (nuint i = 0; i < whole; i += LaneBytes)
        {
            a += Vector512.LoadUnsafe(ref from, i).AsUInt64();
            b += a;
        }

        return Finish(a, b, block[(int)whole..]);
    }

    /// <summary>sum ← sum + block, or sum ← block for the first one, modulo 2³², and the checksum of the block.</summary>
    /// <param name="sum">As long as the block.</param>
    /// <param name="block">Integers of an update.</param>
    /// <param name="isFirst">Nothing is in the sum yet.</param>
    public static ulong Add(Span<int> sum, ReadOnlySpan<int> block, bool isFirst)
    {
        var whole = block.Length - (block.Length % LaneInts);
        var (a, b) = isFirst ? Copied(sum, block, (nuint)whole) : Added(sum, block, (nuint)whole);
        var left = sum[whole..];
        var rest = block[whole..];
        if (isFirst)
        {
            rest.CopyTo(left);
        }
        else
        {
            IntegerBlocks.Add(left, rest);
        }

        return Finish(a, b, MemoryMarshal.AsBytes(rest));
    }

    private static (Vector512<ulong> A, Vector512<ulong> B) Copied(Span<int> sum, ReadOnlySpan<int> block, nuint count)
    {
        var a = Vector512<ulong>.Zero;
        var b = Vector512<ulong>.Zero;
        ref var to = ref MemoryMarshal.GetReference(sum);
        ref var from = ref MemoryMarshal.GetReference(block[..sum.Length]);
        for (nuint i = 0; i < count; i += LaneInts)
        {
            var values = Vector512.LoadUnsafe(ref from, i);
            values.StoreUnsafe(ref to, i);
            a += values.AsUInt64();
            b += a;
        }

        return (a, b);
    }

    private static (Vector512<ulong> A, Vector512<ulong> B) Added(Span<int> sum, ReadOnlySpan<int> block, nuint count)
    {
        var a = Vector512<ulong>.Zero;
        var b = Vector512<ulong>.Zero;
        ref var to = ref MemoryMarshal.GetReference(sum);
        ref var from = ref MemoryMarshal.GetReference(block[..sum.Length]);
        nuint i = 0;

        // Four vectors a turn, all loads before the stores: a store holds up loads behind it whose address looks alike.
        for (; i + (4 * LaneInts) <= count; i += 4 * LaneInts)
        {
            var v0 = Vector512.LoadUnsafe(ref from, i);
            var v1 = Vector512.LoadUnsafe(ref from, i + LaneInts);
            var v2 = Vector512.LoadUnsafe(ref from, i + (2 * LaneInts));
            var v3 = Vector512.LoadUnsafe(ref from, i + (3 * LaneInts));
            var s0 = Vector512.LoadUnsafe(ref to, i) + v0;
            var s1 = Vector512.LoadUnsafe(ref to, i + LaneInts) + v1;
            var s2 = Vector512.LoadUnsafe(ref to, i + (2 * LaneInts)) + v2;
            var s3 = Vector512.LoadUnsafe(ref to, i + (3 * LaneInts)) + v3;
            s0.StoreUnsafe(ref to, i);
            s1.StoreUnsafe(ref to, i + LaneInts);
            s2.StoreUnsafe(ref to, i + (2 * LaneInts));
            s3.StoreUnsafe(ref to, i + (3 * LaneInts));
            a += v0.AsUInt64();
            b += a;
            a += v1.AsUInt64();
            b += a;
            a += v2.AsUInt64();
            b += a;
            a += v3.AsUInt64();
            b += a;
        }

        for (; i < count; i += LaneInts)
        {
            var values = Vector512.LoadUnsafe(ref from, i);
            (Vector512.LoadUnsafe(ref to, i) + values).StoreUnsafe(ref to, i);
            a += values.AsUInt64();
            b += a;
        }

        return (a, b);
    }

    private static ulong Finish(Vector512<ulong> a, Vector512<ulong> b, ReadOnlySpan<byte> rest)
    {
        if (rest.Length > 0)
        {
            Span<byte> last = stackalloc byte[LaneBytes];
            last.Clear();
            rest.CopyTo(last);
            a += Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(last)).AsUInt64();
            b += a;
        }

        ulong mixed = 0;
        for (var lane = 0; lane < Vector512<ulong>.Count; lane++)
        {
            mixed = Mix(Mix(mixed, a[lane]), b[lane]);
        }

        return mixed;
    }

    /// <summary>One to one in either argument, so that a single number that differs always shows.</summary>
    private static ulong Mix(ulong state, ulong word) => (BitOperations.RotateLeft(state, 29) ^ word) * 0x9E3779B97F4A7C15;
}
