using System.Runtime.InteropServices;
using BrainMVP.Federated.Federation.FixedPoint;
using BrainMVP.Federated.Federation.Summation;

namespace BrainMVP.Federated.Federation.Updates;

/// <summary>Updates that were packed into a ring of fewer bits, seen as the 32-bit integers they stand for: offsets are those of <see cref="PayloadMap"/>.</summary>
public sealed class PackedUpdates : IUpdateSource
{
    /// <summary>Groups unpacked at once: 16,384 values.</summary>
    private const int BatchGroups = 512;

    private readonly IUpdateSource _packed;
    private readonly int _bits;

    private PackedUpdates(IUpdateSource packed, int bits)
    {
        (_packed, _bits) = (packed, bits);
    }

    /// <summary>The source itself where nothing is packed.</summary>
    public static IUpdateSource Over(IUpdateSource source, int bits) => bits == 32 ? source : new PackedUpdates(source, bits);

    public void Read(string site, long offset, Span<byte> destination)
    {
        var values = MemoryMarshal.Cast<byte, int>(destination);
        var batch = new Batch(_bits, values.Length);
        for (var first = offset / sizeof(int); values.Length > 0;)
        {
            var part = batch.Values(_packed, site, first, values.Length);
            part.CopyTo(values);
            values = values[part.Length..];
            first += part.Length;
        }
    }

    public int Add(Span<int> sum, string site, long offset, bool isFirst)
    {
        var part = new Batch(_bits, sum.Length).Values(_packed, site, offset / sizeof(int), sum.Length);
        if (isFirst)
        {
            part.CopyTo(sum);
        }
        else
        {
            IntegerBlocks.Add(sum[..part.Length], part);
        }

        return part.Length;
    }

    public void Dispose() => _packed.Dispose();

    /// <summary>Memory for a stretch of values; each call has its own, so that several threads can read.</summary>
    private readonly struct Batch
    {
        private readonly int _bits;
        private readonly byte[] _bytes;
        private readonly int[] _values;

        public Batch(int bits, int values)
        {
            var groups = Math.Min(BatchGroups, (values / RingPacking.GroupValues) + 2);
            _bits = bits;
            _bytes = new byte[groups * RingPacking.GroupBytes(bits)];
            _values = new int[groups * RingPacking.GroupValues];
        }

        /// <summary>Values from one on, at most so many, at least one.</summary>
        public ReadOnlySpan<int> Values(IUpdateSource packed, string site, long first, int most)
        {
            var group = first / RingPacking.GroupValues;
            var skipped = (int)(first % RingPacking.GroupValues);
            var groups = (int)Math.Min(_values.Length / RingPacking.GroupValues, ((long)skipped + most + RingPacking.GroupValues - 1) / RingPacking.GroupValues);
            var bytes = _bytes.AsSpan(0, groups * RingPacking.GroupBytes(_bits));
            packed.Read(site, group * RingPacking.GroupBytes(_bits), bytes);
            var values = _values.AsSpan(0, groups * RingPacking.GroupValues);
            RingPacking.Unpack(bytes, values, _bits);
            return values.Slice(skipped, Math.Min(most, values.Length - skipped));
        }
    }
}
