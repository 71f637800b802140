using System.Runtime.CompilerServices;

namespace BrainMVP.Federated.Contracts.Storage;

/// <summary>
/// Numbers that begin where a cache line does: vectors of 64 bytes then never lie across two lines, which costs loads and
/// above all stores twice.
/// </summary>
public sealed class AlignedBuffer<T>
    where T : unmanaged
{
    private const int LineBytes = 64;

    private readonly T[] _array;
    private readonly int _first;

    /// <param name="length">Elements, zeros at first. A size that divides a cache line.</param>
    public unsafe AlignedBuffer(int length)
    {
        Length = length;

        // Pinned: an array that moved would lose its place in the line.
        _array = GC.AllocateArray<T>(length + (LineBytes / sizeof(T)), pinned: true);
        var address = (nuint)Unsafe.AsPointer(ref _array[0]);
        _first = (int)((LineBytes - (address % LineBytes)) % LineBytes) / sizeof(T);
    }

    public int Length { get; }

    public Span<T> Span => _array.AsSpan(_first, Length);
}
