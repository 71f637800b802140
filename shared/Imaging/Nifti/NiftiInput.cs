using System.IO.Compression;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>Opens a file by name; null when there is none of that name. Streams can be positioned and know their length.</summary>
internal delegate Stream? OpenFile(string path);

/// <summary>One file with what it can hold at most, unpacked when it begins with the gzip magic 1f 8b.</summary>
internal sealed class NiftiInput : IDisposable
{
    /// <summary>Deflate cannot expand by more: 258 bytes from two bits.</summary>
    public const long GreatestExpansion = 1032;

    private readonly Stream _file;
    private readonly Stream _stream;
    private ReadOnlyMemory<byte> _ahead;

    private NiftiInput(Stream file, bool isGzip, string path)
    {
        (_file, IsGzip, Path) = (file, isGzip, path);
        _stream = isGzip ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    public string Path { get; }

    public bool IsGzip { get; }

    /// <summary>Bytes on the disk.</summary>
    public long FileBytes => _file.Length;

    /// <summary>Upper bound of the bytes it yields; for a plain file the very number.</summary>
    public long MostBytes => IsGzip ? _file.Length * GreatestExpansion : _file.Length;

    /// <returns>Null when there is no such file.</returns>
    public static NiftiInput? Open(OpenFile open, string path)
    {
        var file = open(path);
        if (file is null)
        {
            return null;
        }

        try
        {
            var isGzip = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
            file.Position = 0;
            return new NiftiInput(file, isGzip, path);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the header at the start; what was read beyond it is still to come for <see cref="Skip"/> and <see cref="Read"/>.</summary>
    public NiftiHeader ReadHeader()
    {
        var buffer = new byte[NiftiHeader.MaximumBytes];
        var got = _stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        _ahead = buffer.AsMemory(0, got);
        return NiftiHeader.Parse(buffer.AsSpan(0, got), Path);
    }

    /// <summary>Goes forward; stops at the end.</summary>
    public void Skip(long count)
    {
        if (!IsGzip)
        {
            _file.Position += count - _ahead.Length;
            _ahead = default;
            return;
        }

        var waste = new byte[(int)Math.Min(count, 1 << 16)];
        while (count > 0)
        {
            var read = Read(waste.AsSpan(0, (int)Math.Min(count, waste.Length)));
            if (read == 0)
            {
                return;
            }

            count -= read;
        }
    }

    /// <summary>Fills the span as far as there are bytes.</summary>
    /// <returns>Bytes read; fewer than asked for only at the end.</returns>
    public int Read(Span<byte> destination)
    {
        var first = Math.Min(_ahead.Length, destination.Length);
        _ahead.Span[..first].CopyTo(destination);
        _ahead = _ahead[first..];
        return first + _stream.ReadAtLeast(destination[first..], destination.Length - first, throwOnEndOfStream: false);
    }

    /// <summary>Unpacks in 64 KiB of memory to see whether so many bytes are really there.</summary>
    public static bool Holds(OpenFile open, string path, long bytes)
    {
        using var again = Open(open, path) ?? throw ErrorCatalogue.DataFolderMissing.With($"{path} is no longer there.");
        again.Skip(bytes - 1);
        return again.Read(stackalloc byte[1]) == 1;
    }

    public void Dispose()
    {
        _stream.Dispose();
        _file.Dispose();
    }
}
