using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace BrainMVP.Federated.Contracts.Randomness;

/// <summary>
/// The one source of randomness: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw; "Parallel random numbers: as easy as
/// 1, 2, 3", SC 2011). A stream is named by a seed and a path of names and numbers, for example
/// (run seed, "site/north", "round", 3, "step", 17, "slot", 0, "mask"). The same name gives the same numbers on every
/// machine, whatever was drawn before from other streams, so a resumed step draws what the killed one drew.
/// Not for keys: secrets come from the operating system.
/// </summary>
public sealed class CounterRandom
{
    private readonly uint _key0;
    private readonly uint _key1;
    private readonly uint _stream0;
    private readonly uint _stream1;
    private ulong _block;
    private int _used = 4;
    private uint _v0;
    private uint _v1;
    private uint _v2;
    private uint _v3;
    private double _spareNormal = double.NaN;

    /// <param name="seed">The run's or data set's seed.</param>
    /// <param name="path">What the stream is for, outermost first: strings, integers. Never a clock or an attempt.</param>
    public CounterRandom(ulong seed, params ReadOnlySpan<object> path)
    {
        var text = new StringBuilder();
        foreach (var part in path)
        {
            // Escaped as in a JSON pointer, so that no two paths have the same text.
            text.Append('/').Append(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{part}")
                .Replace("~", "~0", StringComparison.Ordinal)
                .Replace("/", "~1", StringComparison.Ordinal));
        }

        Span<byte> hash = stackalloc byte[32];
        var bytes = new byte[8 + Encoding.UTF8.GetByteCount(text.ToString())];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, seed);
        Encoding.UTF8.GetBytes(text.ToString(), bytes.AsSpan(8));
        SHA256.HashData(bytes, hash);
        _key0 = BinaryPrimitives.ReadUInt32LittleEndian(hash);
        _key1 = BinaryPrimitives.ReadUInt32LittleEndian(hash[4..]);
        _stream0 = BinaryPrimitives.ReadUInt32LittleEndian(hash[8..]);
        _stream1 = BinaryPrimitives.ReadUInt32LittleEndian(hash[12..]);
    }

    /// <summary>32 uniform bits.</summary>
    public uint NextUInt32()
    {
        if (_used == 4)
        {
            (_v0, _v1, _v2, _v3) = Philox((uint)_block, (uint)(_block >> 32), _stream0, _stream1, _key0, _key1);
            _block++;
            _used = 0;
        }

        return _used++ switch { 0 => _v0, 1 => _v1, 2 => _v2, _ => _v3 };
    }

    /// <summary>64 uniform bits.</summary>
    public ulong NextUInt64() => ((ulong)NextUInt32() << 32) | NextUInt32();

    /// <summary>Uniform in [0, 1) with 53 bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [low, high).</summary>
    public double NextDouble(double low, double high) => low + ((high - low) * NextDouble());

    /// <summary>Uniform integer in [0, bound), without bias (Lemire's method with rejection).</summary>
    public int NextInt32(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        var n = (uint)bound;
        var product = (ulong)NextUInt32() * n;
        if ((uint)product < n)
        {
            var threshold = (0u - n) % n;
            while ((uint)product < threshold)
            {
                product = (ulong)NextUInt32() * n;
            }
        }

        return (int)(product >> 32);
    }

    /// <summary>Standard normal (Box and Muller).</summary>
    public double NextNormal()
    {
        if (!double.IsNaN(_spareNormal))
        {
            var spare = _spareNormal;
            _spareNormal = double.NaN;
            return spare;
        }

        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        var (sine, cosine) = Math.SinCos(2 * Math.PI * NextDouble());
        _spareNormal = radius * sine;
        return radius * cosine;
    }

    /// <summary>Shuffles in place (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt32(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>One Philox 4x32-10 block. Public so that tests can compare it with the published vectors.</summary>
    public static (uint X0, uint X1, uint X2, uint X3) Philox(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (var round = 0; round < 10; round++)
        {
            var product0 = (ulong)0xD2511F53u * c0;
            var product1 = (ulong)0xCD9E8D57u * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ k1, (uint)product0);
            k0 = unchecked(k0 + 0x9E3779B9u);
            k1 = unchecked(k1 + 0xBB67AE85u);
        }

        return (c0, c1, c2, c3);
    }
}
