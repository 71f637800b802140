using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace BrainMVP.Federated.Imaging.Pictures;

/// <summary>PNG files (ISO/IEC 15948) of one byte a pixel, grey or with a palette.</summary>
internal static class PngFile
{
    private const byte Grey = 0;
    private const byte Indexed = 3;

    /// <param name="pixels">Row by row from the top left.</param>
    /// <param name="palette">Red, green, blue for each index; null for greys.</param>
    public static byte[] Encode(int width, int height, ReadOnlySpan<byte> pixels, byte[]? palette = null)
    {
        using var png = new MemoryStream();
        png.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8;
        header[9] = palette is null ? Grey : Indexed;
        Chunk(png, "IHDR"u8, header);
        if (palette is not null)
        {
            Chunk(png, "PLTE"u8, palette);
        }

        using (var data = new MemoryStream())
        {
            using (var zlib = new ZLibStream(data, palette is null ? CompressionLevel.Optimal : CompressionLevel.SmallestSize, leaveOpen: true))
            {
                for (var row = 0; row < height; row++)
                {
                    zlib.WriteByte(0);
                    zlib.Write(pixels.Slice(row * width, width));
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
