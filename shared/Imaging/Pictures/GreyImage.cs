using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace BrainMVP.Federated.Imaging.Pictures;

/// <summary>An 8-bit grey picture, row by row from the top left.</summary>
public sealed class GreyImage(int width, int height)
{
    public int Width { get; } = width;

    public int Height { get; } = height;

    /// <summary>Width x Height bytes, 0 black.</summary>
    public byte[] Pixels { get; } = new byte[checked(width * height)];

    /// <summary>Copies another picture to (x, y); what does not fit is cut.</summary>
    public void Draw(GreyImage other, int x, int y)
    {
        for (var row = Math.Max(0, -y); row < Math.Min(other.Height, Height - y); row++)
        {
            var first = Math.Max(0, -x);
            var count = Math.Min(other.Width, Width - x) - first;
            if (count > 0)
            {
                other.Pixels.AsSpan((row * other.Width) + first, count).CopyTo(Pixels.AsSpan(((y + row) * Width) + x + first));
            }
        }
    }

    /// <summary>The picture as a PNG file.</summary>
    public byte[] ToPng()
    {
        using var png = new MemoryStream();
        png.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Height);
        header[8] = 8;
        Chunk(png, "IHDR"u8, header);
        using (var data = new MemoryStream())
        {
            using (var zlib = new ZLibStream(data, CompressionLevel.Optimal, leaveOpen: true))
            {
                for (var row = 0; row < Height; row++)
                {
                    zlib.WriteByte(0);
                    zlib.Write(Pixels, row * Width, Width);
                }
            }

            Chunk(png, "IDAT"u8, data.ToArray());
        }

        Chunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void Chunk(MemoryStream png, ReadOnlySpan<byte> type, byte[] data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        png.Write(type);
        png.Write(data);
        var crc = new Crc32();
        crc.Append(type);
        crc.Append(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, crc.GetCurrentHashAsUInt32());
        png.Write(number);
    }
}
