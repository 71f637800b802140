using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text.Json;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>
/// Everything of a case file before its voxels. All numbers little-endian:
/// <code>
///   0   8  magic 89 'B' 'M' 'F' 'C' 0D 0A 1A
///   8   4  format version, 1
///  12   4  bytes of the header, H, a multiple of 64
///  16   8  bytes of the file
///  24  12  voxels of a volume along R, A, S
///  36  12  voxels of a full chunk along R, A, S
///  48   4  number of modalities, M
///  52   4  bytes of the description, D
///  56   4  the number that stands for 1, 65535
///  60   4  0
///  64  32  key: SHA-256 of everything that the voxels depend on
///  96   D  description: UTF-8 JSON with the modalities and notes, filled up with spaces to a multiple of 8
///   …  16  for each chunk of each modality in turn: offset of its voxels in the file, XXH3-64 of their bytes;
///          both 0 for a chunk of zeros, which is not stored
///   …   …  zeros
/// H-16  16  XXH3-128 of all header bytes before
/// </code>
/// Then the stored chunks, without gaps, in the order of the index: 16-bit numbers (<see cref="Quantization"/>) in C order.
/// </summary>
internal sealed class CaseHeader
{
    /// <summary>Bytes before the description; they tell how long the header is.</summary>
    public const int FixedBytes = 96;

    /// <summary>Bytes of a chunk's entry.</summary>
    public const int EntryBytes = 16;

    /// <summary>Bytes of the checksum at the end.</summary>
    public const int ChecksumBytes = 16;

    /// <summary>Sides of chunks by default: see tests/Benchmarks, <c>data</c>.</summary>
    public static readonly VolumeShape DefaultSide = new(32, 32, 32);

    private const int Version = 1;
    private const int Alignment = 64;
    private const int LargestSide = 256;
    private const int LargestDescription = 1 << 20;

    public required VolumeShape Shape { get; init; }

    public required VolumeShape Side { get; init; }

    /// <summary>Canonical names in canonical order.</summary>
    public required IReadOnlyList<string> Modalities { get; init; }

    /// <summary>Lower-case hexadecimal SHA-256.</summary>
    public required string Key { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Position of the index in the file.</summary>
    public int IndexStart => FixedBytes + DescriptionBytes;

    /// <summary>Bytes of the header.</summary>
    public required int Bytes { get; init; }

    public ChunkGrid Grid => new(Shape, Side);

    private int DescriptionBytes { get; init; }

    private byte[] DescriptionText { get; init; } = [];

    /// <summary>A header to be written.</summary>
    /// <exception cref="ArgumentException">The case or the sides cannot be stored.</exception>
    public static CaseHeader Create(PreparedCase prepared, string key, VolumeShape side)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(new Description([.. prepared.Modalities], [.. prepared.Notes]));
        var padded = (text.Length + 7) / 8 * 8;
        var bytes = HeaderBytes(padded, new ChunkGrid(prepared.Shape, side), prepared.Modalities.Count);
        return AreCanonical(prepared.Modalities) && IsPlausible(prepared.Shape, side) && padded <= LargestDescription && bytes <= int.MaxValue
            ? new CaseHeader
            {
                Shape = prepared.Shape,
                Side = side,
                Modalities = prepared.Modalities,
                Key = key,
                Notes = prepared.Notes,
                Bytes = (int)bytes,
                DescriptionBytes = padded,
                DescriptionText = text,
            }
            : throw new ArgumentException($"A case of {prepared.Shape} voxels and {prepared.Modalities.Count} modalities cannot be stored.", nameof(prepared));
    }

    /// <summary>The header's bytes.</summary>
    /// <param name="fileBytes">Bytes of the whole file.</param>
    /// <param name="entries">Offset and checksum of each chunk of each modality in turn.</param>
    public byte[] Write(long fileBytes, IReadOnlyList<(long Offset, ulong Checksum)> entries)
    {
        var header = new byte[Bytes];
        Magic.CopyTo(header);
        int[] numbers = [Version, Bytes, 0, 0, Shape.I, Shape.J, Shape.K, Side.I, Side.J, Side.K, Modalities.Count, DescriptionBytes, Quantization.Levels];
        for (var n = 0; n < numbers.Length; n++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8 + (4 * n)), numbers[n]);
        }

        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), fileBytes);
        Convert.FromHexString(Key).CopyTo(header.AsSpan(64));
        header.AsSpan(FixedBytes, DescriptionBytes).Fill((byte)' ');
        DescriptionText.CopyTo(header.AsSpan(FixedBytes));
        for (var n = 0; n < entries.Count; n++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(IndexStart + (EntryBytes * n)), entries[n].Offset);
            BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(IndexStart + (EntryBytes * n) + 8), entries[n].Checksum);
        }

        XxHash128.Hash(header.AsSpan(0, Bytes - ChecksumBytes), header.AsSpan(Bytes - ChecksumBytes));
        return header;
    }

    /// <summary>Reads a header and checks every number of it, so that nothing after it needs to doubt one.</summary>
    /// <param name="file">The file from its first byte on, as far as a header can reach.</param>
    /// <param name="length">Bytes of the whole file. Nothing is allocated of a size that the file claims before that size is checked.</param>
    /// <exception cref="InvalidDataException">Says what is wrong.</exception>
    public static CaseHeader Parse(ReadOnlySpan<byte> file, long length)
    {
        if (file.Length < FixedBytes + ChecksumBytes || !file[..8].SequenceEqual(Magic))
        {
            throw new InvalidDataException("it is not a prepared case");
        }

        var fixedPart = file[..FixedBytes];
        int Number(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);
        VolumeShape Triple(ReadOnlySpan<byte> bytes, int at) => new(Number(bytes, at), Number(bytes, at + 4), Number(bytes, at + 8));
        if (Number(fixedPart, 8) != Version)
        {
            throw new InvalidDataException($"it has the format version {Number(fixedPart, 8)}; this program reads {Version}");
        }

        var (bytes, description, modalities) = (Number(fixedPart, 12), Number(fixedPart, 52), Number(fixedPart, 48));
        var (shape, side) = (Triple(fixedPart, 24), Triple(fixedPart, 36));
        if (!IsPlausible(shape, side)
            || modalities < 1 || modalities > Contracts.Identity.Modalities.All.Count
            || description < 0 || description > LargestDescription || description % 8 != 0
            || bytes > file.Length || HeaderBytes(description, new ChunkGrid(shape, side), modalities) != bytes)
        {
            throw new InvalidDataException("its header holds sizes that cannot be true, or it ends inside its header");
        }

        if (!XxHash128.Hash(file[..(bytes - ChecksumBytes)]).AsSpan().SequenceEqual(file[(bytes - ChecksumBytes)..bytes]))
        {
            throw new InvalidDataException("its header has changed since it was written");
        }

        // What the checksum covers was written by this program, or by somebody who knows how to: still no number is trusted.
        if (BinaryPrimitives.ReadInt64LittleEndian(fixedPart[16..]) != length)
        {
            throw new InvalidDataException($"it has {length} bytes instead of {BinaryPrimitives.ReadInt64LittleEndian(fixedPart[16..])}");
        }

        if (Number(fixedPart, 56) != Quantization.Levels || Number(fixedPart, 60) != 0)
        {
            throw new InvalidDataException("its numbers have a scale that is unknown");
        }

        var known = ReadDescription(file.Slice(FixedBytes, description));
        return known.Modalities.Length == modalities && AreCanonical(known.Modalities)
            ? new CaseHeader
            {
                Shape = shape,
                Side = side,
                Modalities = known.Modalities,
                Key = Convert.ToHexStringLower(fixedPart[64..]),
                Notes = known.Notes,
                Bytes = bytes,
                DescriptionBytes = description,
            }
            : throw new InvalidDataException("its modalities are not canonical");
    }

    private static ReadOnlySpan<byte> Magic => [0x89, (byte)'B', (byte)'M', (byte)'F', (byte)'C', 0x0D, 0x0A, 0x1A];

    private static Description ReadDescription(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<Description>(json) is { Modalities: not null, Notes: not null } read && !read.Notes.Contains(null) && !read.Modalities.Contains(null)
                ? read
                : throw new InvalidDataException("its description is incomplete");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"its description cannot be read ({e.Message})", e);
        }
    }

    // An index into a volume is an int, as is one into an array.
    private static bool IsPlausible(VolumeShape shape, VolumeShape side) =>
        shape is { I: > 0, J: > 0, K: > 0 }
        && side is { I: > 0 and <= LargestSide, J: > 0 and <= LargestSide, K: > 0 and <= LargestSide }
        && (Int128)shape.I * shape.J * shape.K <= Array.MaxLength;

    private static bool AreCanonical(IReadOnlyList<string> modalities) =>
        modalities.Count > 0 && modalities.SequenceEqual(Contracts.Identity.Modalities.All.Where(m => modalities.Contains(m, StringComparer.Ordinal)), StringComparer.Ordinal);

    private static long HeaderBytes(int description, ChunkGrid grid, int modalities) =>
        (FixedBytes + description + (grid.Count * modalities * EntryBytes) + ChecksumBytes + Alignment - 1) / Alignment * Alignment;

    private sealed record Description(string[] Modalities, string[] Notes);
}
