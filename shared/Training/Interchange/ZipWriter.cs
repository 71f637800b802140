using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>
/// Writes a zip archive of stored entries whose bytes depend on names and contents only. Contents begin at multiples of
/// 64 bytes, as PyTorch lays them, so that it can map a file into memory. Below 4 GiB; nothing here is larger.
/// </summary>
internal sealed class ZipWriter(Stream destination)
{
    private const int Alignment = 64;
    private const ushort Padding = 0x4246; // The extra field that PyTorch uses, "FB".
    private const ushort Version = 20;
    private const ushort FirstDay = 0x21; // 1 January 1980, the first that the format has.
    private readonly List<(byte[] Name, uint Crc32, uint Length, uint Header)> _entries = [];

    /// <summary>Adds an entry. The destination must be able to go back, to write the checksum.</summary>
    /// <param name="name">Path in the archive.</param>
    /// <param name="length">Bytes that <paramref name="write"/> writes.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="FederationException">BMF-1006 when the archive would pass 4 GiB.</exception>
    public void Add(string name, long length, Action<Stream> write)
    {
        var header = destination.Position;
        var bytes = Encoding.ASCII.GetBytes(name);
        var content = header + 30 + bytes.Length + 4;
        var padding = (int)((Alignment - (content % Alignment)) % Alignment);
        if (content + padding + length > uint.MaxValue - (1 << 24))
        {
            throw ErrorCatalogue.ArgumentInvalid.With("The checkpoint would be larger than 4 GiB, the most that is written.");
        }

        var local = new byte[30 + bytes.Length + 4 + padding];
        BinaryPrimitives.WriteUInt32LittleEndian(local, 0x04034b50);
        Common(local.AsSpan(4), 0, (uint)length, bytes.Length, 4 + padding);
        bytes.CopyTo(local, 30);
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(30 + bytes.Length), Padding);
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(32 + bytes.Length), (ushort)padding);
        local.AsSpan(34 + bytes.Length).Fill((byte)'Z');
        destination.Write(local);

        var crc = new CrcStream(destination);
        write(crc);
        if (crc.Written != length)
        {
            throw new InvalidOperationException($"{name} has {crc.Written} bytes, announced were {length}.");
        }

        var end = destination.Position;
        destination.Position = header + 14;
        Span<byte> checksum = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, crc.Value);
        destination.Write(checksum);
        destination.Position = end;
        _entries.Add((bytes, crc.Value, (uint)length, (uint)header));
    }

    /// <summary>Writes the directory.</summary>
    public void Finish()
    {
        var directory = destination.Position;
        foreach (var (name, crc, length, header) in _entries)
        {
            var record = new byte[46 + name.Length];
            BinaryPrimitives.WriteUInt32LittleEndian(record, 0x02014b50);
            BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(4), Version);
            Common(record.AsSpan(6), crc, length, name.Length, 0);
            BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(42), header);
            name.CopyTo(record, 46);
            destination.Write(record);
        }

        var end = new byte[22];
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(8), checked((ushort)_entries.Count));
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), checked((ushort)_entries.Count));
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(12), (uint)(destination.Position - directory));
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(16), (uint)directory);
        destination.Write(end);
    }

    /// <summary>The fields that the header before the content and the directory's record share.</summary>
    private static void Common(Span<byte> fields, uint crc, uint length, int nameLength, int extraLength)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(fields, Version);
        BinaryPrimitives.WriteUInt16LittleEndian(fields[8..], FirstDay);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[10..], crc);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[14..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[18..], length);
        BinaryPrimitives.WriteUInt16LittleEndian(fields[22..], (ushort)nameLength);
        BinaryPrimitives.WriteUInt16LittleEndian(fields[24..], (ushort)extraLength);
    }

    /// <summary>Passes bytes on and sums them up.</summary>
    private sealed class CrcStream(Stream inner) : Stream
    {
        private readonly Crc32 _crc = new();

        public long Written { get; private set; }

        public uint Value => _crc.GetCurrentHashAsUInt32();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            _crc.Append(buffer);
            inner.Write(buffer);
            Written += buffer.Length;
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
