using System.IO.Compression;
using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Tests.Nifti.Fuzzing;

/// <summary>
/// Makes files that are nearly NIfTI: valid ones of both versions, byte orders and forms (single, pair, packed or not),
/// then one to three mutations of the unpacked bytes and at times one of the packed bytes. A file depends on seed and
/// number alone.
/// </summary>
internal static class FuzzMutator
{
    private static readonly int[] Types = [2, 4, 8, 16, 64, 256, 512, 768, 1024, 1280];
    private static readonly double[] Extremes =
    [
        0, 1, -1, 2, 3, 4, 7, 8, 0.5, -0.5, 127, 128, 255, 256, 32, 347, 348, 352, 539, 540, 544, 1024, 32767, -32768, 65535, 1e6, 1e9, 2147483647, -2147483648,
        4294967296, 1e12, 1e15, 9.2e18, -9.2e18, 1e38, -1e38, 1e300, 1e-45, 1e-300, double.NaN, double.PositiveInfinity, double.NegativeInfinity,
    ];

    // Position and kind of every field that the reader looks at, NIfTI-1 and NIfTI-2: h int16, i int32, l int64, f float, d double.
    private static readonly (int At, char Kind)[] First =
        [(0, 'i'), .. Fields(40, 8, 'h'), (70, 'h'), (72, 'h'), .. Fields(76, 8, 'f'), (108, 'f'), (112, 'f'), (116, 'f'), (252, 'h'), (254, 'h'), .. Fields(256, 18, 'f'), (344, 'i')];

    private static readonly (int At, char Kind)[] Second =
        [(0, 'i'), (4, 'i'), (12, 'h'), (14, 'h'), .. Fields(16, 8, 'l'), .. Fields(104, 8, 'd'), (168, 'l'), (176, 'd'), (184, 'd'), (344, 'i'), (348, 'i'), .. Fields(352, 18, 'd')];

    public static FuzzCase Create(ulong seed, long number)
    {
        var random = new CounterRandom(seed, "nifti fuzz", number);
        var (header, data) = Valid(random);
        var single = header.Bytes(header.Pair ? [] : data);
        var image = header.Pair ? data : null;
        for (var left = 1 + random.NextInt32(3); left > 0; left--)
        {
            if (image is not null && random.NextInt32(4) == 0)
            {
                image = Mutate(image, null, random);
            }
            else
            {
                single = Mutate(single, header, random);
            }
        }

        var packed = random.NextInt32(3) == 0;
        var name = header.Pair ? "x.hdr" : "x.nii";
        var files = new Dictionary<string, byte[]> { [name] = packed ? Pack(single, random) : single };
        if (image is not null && random.NextInt32(50) != 0)
        {
            var packedImage = random.NextInt32(3) == 0;
            files[packedImage ? "x.img.gz" : "x.img"] = packedImage ? Pack(image, random) : image;
        }

        int? volume = random.NextInt32(6) switch { 0 => 0, 1 => random.NextInt32(4), 2 => random.NextInt32(8) == 0 ? (int)random.NextUInt32() : null, _ => null };
        return new FuzzCase(header.Pair && random.NextInt32(4) == 0 ? "x.img" : name, files, volume);
    }

    private static (Header Header, byte[] Data) Valid(CounterRandom random)
    {
        var type = Types[random.NextInt32(Types.Length)];

        // Now and then a large volume of zeros, which gzip packs to a thousandth.
        var side = random.NextInt32(500) == 0 ? 60 : 0;
        var header = new Header
        {
            Second = random.NextInt32(2) == 0,
            Big = random.NextInt32(2) == 0,
            Pair = random.NextInt32(3) == 0,
            Type = type,
            I = side + 1 + random.NextInt32(5),
            J = side + 1 + random.NextInt32(5),
            K = side + 1 + random.NextInt32(5),
            Frames = random.NextInt32(4) == 0 ? 1 + random.NextInt32(3) : 0,
            Slope = random.NextInt32(3),
            Intercept = random.NextInt32(3),
            Qform = random.NextInt32(3),
            Sform = random.NextInt32(3),
            D = random.NextInt32(2),
            Rows = [1, 0, 0, -1, 0, 2, 0, -2, 0, 0, 3, -3],
        };
        var data = new byte[header.I * header.J * header.K * Math.Max(1, header.Frames) * Size(type)];
        if (side == 0)
        {
            for (var n = 0; n < data.Length; n++)
            {
                data[n] = (byte)(n * 37);
            }
        }

        return (header, data);
    }

    private static byte[] Mutate(byte[] bytes, Header? header, CounterRandom random)
    {
        bytes = [.. bytes];
        if (bytes.Length == 0)
        {
            return [(byte)random.NextUInt32()];
        }

        var at = random.NextInt32(random.NextInt32(2) == 0 ? Math.Min(bytes.Length, 544) : bytes.Length);
        switch (random.NextInt32(header is null ? 5 : 10))
        {
            case 0:
                bytes[at] = (byte)random.NextUInt32();
                return bytes;
            case 1:
                bytes[at] ^= (byte)(1 << random.NextInt32(8));
                return bytes;
            case 2:
                return bytes[..at];
            case 3:
                return [.. bytes, .. bytes[..Math.Min(at, 600)]];
            case 4:
                // A piece of another place, or of another file.
                var other = random.NextInt32(2) == 0 ? bytes : Other(random);
                var from = random.NextInt32(other.Length);
                return [.. bytes[..at], .. other[from..]];
            default:
                var fields = header!.Second ? Second : First;
                var (position, kind) = fields[random.NextInt32(fields.Length)];
                if (position + 8 <= bytes.Length)
                {
                    Put(bytes, position, kind, Extremes[random.NextInt32(Extremes.Length)], header.Big);
                }

                return bytes;
        }
    }

    private static byte[] Other(CounterRandom random)
    {
        var (header, data) = Valid(random);
        return header.Bytes(data);
    }

    private static void Put(byte[] bytes, int at, char kind, double value, bool big)
    {
        byte[] little = kind switch
        {
            'h' => BitConverter.GetBytes(unchecked((short)Whole(value))),
            'i' => BitConverter.GetBytes(unchecked((int)Whole(value))),
            'l' => BitConverter.GetBytes(Whole(value)),
            'f' => BitConverter.GetBytes((float)value),
            _ => BitConverter.GetBytes(value),
        };
        if (big)
        {
            Array.Reverse(little);
        }

        little.CopyTo(bytes, at);
    }

    private static long Whole(double value) => double.IsNaN(value) ? 0 : (long)Math.Clamp(value, long.MinValue, long.MaxValue);

    private static byte[] Pack(byte[] bytes, CounterRandom random)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        var whole = packed.ToArray();
        return random.NextInt32(4) == 0 ? Mutate(whole, null, random) : whole;
    }

    private static IEnumerable<(int At, char Kind)> Fields(int at, int count, char kind) =>
        Enumerable.Range(0, count).Select(n => (at + (n * kind switch { 'h' => 2, 'f' => 4, _ => 8 }), kind));

    private static int Size(int type) => type switch { 2 or 256 => 1, 4 or 512 => 2, 8 or 16 or 768 => 4, _ => 8 };
}
