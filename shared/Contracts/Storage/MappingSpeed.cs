using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Contracts.Storage;

/// <summary>
/// Whether it is faster here to read cached parts of files where they lie, or to copy them out. Where the processor
/// walks the page tables itself a mapping saves the copy; under a hypervisor that keeps shadow page tables every page
/// of a mapping costs more than its copy. Measured once a process, on the first window that is large enough; what is
/// read does not depend on it.
/// </summary>
internal static class MappingSpeed
{
    /// <summary>Bytes of one measurement.</summary>
    public const int Piece = 256 << 10;

    /// <summary>Measurements of each way; the fastest counts, so that an interruption does not decide.</summary>
    private const int Pieces = 4;

    /// <summary>Bytes that must be there for a measurement.</summary>
    public const long Least = 2L * Pieces * Piece;

    private const int Unknown = 0, Map = 1, Copy = 2;

    private static readonly Lock Gate = new();
    private static int _verdict;

    /// <summary>False when copying was found to be faster. True before anything could be measured.</summary>
    public static bool IsWorthwhile => Volatile.Read(ref _verdict) != Copy;

    /// <summary>Measures on a cached part of a file, once a process.</summary>
    /// <param name="map">Mapping of the file.</param>
    /// <param name="file">The file.</param>
    /// <param name="offset">Begin of the part.</param>
    /// <param name="length">Its length; nothing is measured below <see cref="Least"/>.</param>
    public static void Measure(MappedFile map, SafeFileHandle file, long offset, long length)
    {
        if (Volatile.Read(ref _verdict) != Unknown || length < Least)
        {
            return;
        }

        lock (Gate)
        {
            if (_verdict == Unknown)
            {
                Volatile.Write(ref _verdict, IsMapFaster(map, file, offset) ? Map : Copy);
            }
        }
    }

    /// <summary>Pieces are read in turns in both ways, each piece once: a page that was touched before costs nothing.</summary>
    private static bool IsMapFaster(MappedFile map, SafeFileHandle file, long offset)
    {
        var buffer = new byte[Piece];
        var (mapped, copied) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        var sum = Sum(buffer);
        for (var n = 0; n < Pieces; n++)
        {
            var began = TimeProvider.System.GetTimestamp();
            sum += Sum(map.Bytes(offset + (2L * n * Piece), Piece));
            mapped = Shorter(mapped, began);
            began = TimeProvider.System.GetTimestamp();
            var read = RandomAccess.Read(file, buffer, offset + (((2L * n) + 1) * Piece));
            sum += Sum(buffer.AsSpan(0, read));
            copied = Shorter(copied, began);
        }

        GC.KeepAlive(sum);
        return mapped <= copied;
    }

    private static TimeSpan Shorter(TimeSpan best, long began) => TimeProvider.System.GetElapsedTime(began) is var time && time < best ? time : best;

    private static long Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = Vector<long>.Zero;
        foreach (var value in MemoryMarshal.Cast<byte, Vector<long>>(bytes))
        {
            sum += value;
        }

        return Vector.Sum(sum);
    }
}
