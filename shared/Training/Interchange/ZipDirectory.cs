using System.Buffers.Binary;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>One stored entry of a zip archive.</summary>
/// <param name="Name">Path in the archive, with slashes.</param>
/// <param name="Offset">First byte of the content in the file.</param>
/// <param name="Length">Bytes of the content.</param>
/// <param name="Crc32">Checksum of the content.</param>
internal sealed record ZipEntry(string Name, long Offset, long Length, uint Crc32);

/// <summary>
/// The directory of a zip archive whose entries are stored as they are, as PyTorch writes them: where each lies in the
/// file, so that tensors can be read by offset. Compressed, encrypted, overlapping and doubly named entries are
/// refused, so an archive never holds more than its own length. Format: PKWARE's APPNOTE 6.3, with the 64-bit fields.
/// </summary>
internal sealed class ZipDirectory
{
    /// <summary>Most entries of one archive; a published checkpoint has about 1,100.</summary>
    public const int MaximumEntries = 100_000;

    private const int EndLength = 22;
    private const int LongestComment = 65535;
    private const int MaximumDirectory = 64 * 1024 * 1024;
    private readonly BoundedFile _file;
    private readonly Dictionary<string, ZipEntry> _entries = new(StringComparer.Ordinal);

    /// <exception cref="FederationException">BMF-1411.</exception>
    public ZipDirectory(BoundedFile file)
    {
        _file = file;
        var (count, offset, length) = ReadEnd();
        if (count > MaximumEntries || length > MaximumDirectory)
        {
            throw file.Malformed($"its directory claims {count} entries in {length} bytes.");
        }

        ReadEntries(count, offset, file.Read(offset, (int)length));
    }

    /// <summary>Entries by name.</summary>
    public IReadOnlyDictionary<string, ZipEntry> Entries => _entries;

    private (long Count, long Offset, long Length) ReadEnd()
    {
        var tail = (int)Math.Min(_file.Length, EndLength + LongestComment);
        var bytes = _file.Read(_file.Length - tail, tail);
        for (var at = tail - EndLength; at >= 0; at--)
        {
            var end = bytes.AsSpan(at);
            if (UInt32(end) == 0x06054b50 && UInt16(end[20..]) == end.Length - EndLength)
            {
                var position = _file.Length - tail + at;
                var (disk, count, length, offset) = (UInt16(end[4..]), (long)UInt16(end[10..]), (long)UInt32(end[12..]), (long)UInt32(end[16..]));
                return disk is not 0 and not ushort.MaxValue ? throw _file.Malformed("it is one part of a divided archive.")
                    : count == ushort.MaxValue || length == uint.MaxValue || offset == uint.MaxValue ? ReadLongEnd(position)
                    : (count, offset, length);
            }
        }

        throw _file.Malformed("it has no zip directory; it was probably cut off.");
    }

    private (long Count, long Offset, long Length) ReadLongEnd(long position)
    {
        var locator = _file.Read(position - 20, 20).AsSpan();
        if (UInt32(locator) != 0x07064b50)
        {
            throw _file.Malformed("its 64-bit zip directory cannot be found.");
        }

        var end = _file.Read(Int64(locator[8..]), 56).AsSpan();
        return UInt32(end) == 0x06064b50
            ? (Int64(end[32..]), Int64(end[48..]), Int64(end[40..]))
            : throw _file.Malformed("its 64-bit zip directory is damaged.");
    }

    private void ReadEntries(long count, long directory, ReadOnlySpan<byte> bytes)
    {
        var spans = new List<(long Begin, long End)>();
        for (var i = 0L; i < count; i++)
        {
            if (bytes.Length < 46 || UInt32(bytes) != 0x02014b50)
            {
                throw _file.Malformed($"entry {i} of its directory is damaged.");
            }

            var (nameLength, extraLength) = (UInt16(bytes[28..]), UInt16(bytes[30..]));
            var recordLength = 46 + nameLength + extraLength + UInt16(bytes[32..]);
            if (bytes.Length < recordLength)
            {
                throw _file.Malformed($"entry {i} of its directory ends too early.");
            }

            var record = bytes[..recordLength];
            var name = Encoding.UTF8.GetString(record.Slice(46, nameLength));
            var (length, header) = Sizes(name, record, record.Slice(46 + nameLength, extraLength));
            var content = Content(name, header);
            if (content > directory || length > directory - content)
            {
                throw _file.Malformed($"entry {Printable.Text(name)} reaches over the end of the archive.");
            }

            spans.Add((header, content + length));
            if (!_entries.TryAdd(name, new ZipEntry(name, content, length, UInt32(record[16..]))))
            {
                throw _file.Malformed($"entry {Printable.Text(name)} is there twice.");
            }

            bytes = bytes[recordLength..];
        }

        spans.Sort();
        for (var i = 1; i < spans.Count; i++)
        {
            if (spans[i].Begin < spans[i - 1].End)
            {
                throw _file.Malformed("two of its entries overlap.");
            }
        }
    }

    private (long Length, long Header) Sizes(string name, ReadOnlySpan<byte> record, ReadOnlySpan<byte> extra)
    {
        if ((UInt16(record[8..]) & 1) != 0)
        {
            throw _file.Malformed($"entry {Printable.Text(name)} is encrypted.");
        }

        if (UInt16(record[10..]) != 0)
        {
            throw _file.Malformed($"entry {Printable.Text(name)} is compressed; PyTorch stores entries as they are, so another program has packed the file.");
        }

        long packed = UInt32(record[20..]), length = UInt32(record[24..]), header = UInt32(record[42..]);
        while (extra.Length >= 4)
        {
            var (id, size) = (UInt16(extra), UInt16(extra[2..]));
            if (size > extra.Length - 4)
            {
                break;
            }

            if (id == 1)
            {
                // The 64-bit fields stand in this order, each only when its 32-bit field is full.
                var fields = extra.Slice(4, size);
                length = Long(length, ref fields);
                packed = Long(packed, ref fields);
                header = Long(header, ref fields);
            }

            extra = extra[(4 + size)..];
        }

        return packed == length && length >= 0 ? (length, header) : throw _file.Malformed($"entry {Printable.Text(name)} is stored in {packed} bytes and claims {length}.");
    }

    /// <summary>Where an entry's content begins: behind its local header, whose length only that header tells.</summary>
    private long Content(string name, long header)
    {
        var bytes = _file.Read(header, 30).AsSpan();
        return UInt32(bytes) == 0x04034b50
            ? header + 30 + UInt16(bytes[26..]) + UInt16(bytes[28..])
            : throw _file.Malformed($"entry {Printable.Text(name)} is not where the directory says.");
    }

    private static long Long(long value, ref ReadOnlySpan<byte> fields)
    {
        if (value != uint.MaxValue || fields.Length < 8)
        {
            return value;
        }

        var full = Int64(fields);
        fields = fields[8..];
        return full;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private static long Int64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes);
}
