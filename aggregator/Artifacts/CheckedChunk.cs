using System.IO.Hashing;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Errors;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Aggregator.Artifacts;

/// <summary>
/// A chunk as it lies in its file: the bytes, whose SHA-256 was verified when they came, and behind them one XXH3 checksum
/// for every 64 KiB. Reading checks what it reads at memory speed, so that a disk that alters bytes later is noticed
/// before they reach a model.
/// </summary>
internal sealed class CheckedChunk : IDisposable
{
    /// <summary>Bytes under one checksum.</summary>
    public const int BlockBytes = 64 * 1024;

    private readonly SafeFileHandle _file;
    private readonly ulong[] _checks;
    private readonly int _length;
    private readonly string _name;

    /// <param name="path">The file.</param>
    /// <param name="length">Bytes of the chunk.</param>
    /// <param name="name">How errors call it.</param>
    /// <exception cref="FederationException">BMF-1402 when the file is missing or has another length.</exception>
    public CheckedChunk(string path, int length, string name)
    {
        (_length, _name) = (length, name);
        _checks = new ulong[Blocks(length)];
        try
        {
            _file = File.OpenHandle(path);
        }
        catch (IOException e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ErrorCatalogue.ArtifactCorrupt.With($"{name} is gone.", e);
        }

        if (RandomAccess.GetLength(_file) != length + ((long)_checks.Length * sizeof(ulong)))
        {
            _file.Dispose();
            throw ErrorCatalogue.ArtifactCorrupt.With($"{name} has another length than it was stored with.");
        }

        Fill(MemoryMarshal.AsBytes(_checks.AsSpan()), length);
    }

    /// <summary>Writes a chunk with its checksums.</summary>
    public static void Write(Stream output, ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        Span<ulong> check = stackalloc ulong[1];
        for (var start = 0; start < bytes.Length; start += BlockBytes)
        {
            check[0] = XxHash3.HashToUInt64(bytes.Slice(start, Math.Min(BlockBytes, bytes.Length - start)));
            output.Write(MemoryMarshal.AsBytes(check));
        }
    }

    /// <summary>Reads one block and checks it.</summary>
    /// <param name="block">0 .. blocks − 1.</param>
    /// <param name="destination">At least <see cref="BlockBytes"/>.</param>
    /// <returns>Bytes of the block.</returns>
    /// <exception cref="FederationException">BMF-1402 when the bytes are not those that were stored.</exception>
    public int Read(int block, Span<byte> destination)
    {
        var start = block * BlockBytes;
        var bytes = destination[..Math.Min(BlockBytes, _length - start)];
        Fill(bytes, start);
        return XxHash3.HashToUInt64(bytes) == _checks[block]
            ? bytes.Length
            : throw ErrorCatalogue.ArtifactCorrupt.With($"{_name} has changed on disk.");
    }

    public void Dispose() => _file.Dispose();

    private static int Blocks(int length) => (length + BlockBytes - 1) / BlockBytes;

    private void Fill(Span<byte> destination, long offset)
    {
        for (var done = 0; done < destination.Length;)
        {
            var read = RandomAccess.Read(_file, destination[done..], offset + done);
            done += read > 0 ? read : throw ErrorCatalogue.ArtifactCorrupt.With($"{_name} has become shorter.");
        }
    }
}
