using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Contracts.Storage;

/// <summary>
/// A file mapped into memory for reading, for those parts of it that the system holds in memory anyway: they are read
/// without a copy. A part that is not there must be read in the usual way, because a disk that fails under a mapping ends
/// the process, and a failed read is an error that can be told. On systems other than Linux nothing counts as there.
/// </summary>
public sealed unsafe partial class MappedFile : IDisposable
{
    /// <summary>Number of the system call on every architecture; Linux 6.5 brought it.</summary>
    private const int CacheStatCall = 451;

    private const int DontNeed = 4;

    private readonly SafeFileHandle _file;
    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    /// <param name="file">An open file that stays open as long as the mapping, not empty.</param>
    public MappedFile(SafeFileHandle file)
    {
        _file = file;
        _mapping = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _mapping.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    /// <summary>Whether every page of a part is in memory now.</summary>
    public bool IsCached(long offset, long bytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        var range = new CacheRange { Offset = (ulong)offset, Length = (ulong)bytes };
        var state = default(CacheState);
        var page = Environment.SystemPageSize;
        var pages = ((offset + bytes - 1) / page) - (offset / page) + 1;
        return Call(CacheStatCall, _file.DangerousGetHandle(), &range, &state, 0) == 0 && state.Cached == (ulong)pages;
    }

    /// <summary>Bytes of a part that <see cref="IsCached"/> has found.</summary>
    public ReadOnlySpan<byte> Bytes(long offset, int bytes) => new(_start + offset, bytes);

    /// <summary>Lets a part go from this process's memory; the system goes on holding it. Begins at a page.</summary>
    public void Release(long offset, long bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(_start + offset, (nuint)bytes, DontNeed);
        }
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _mapping.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long Call(long number, nint file, CacheRange* range, CacheState* state, long flags);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(byte* start, nuint bytes, int advice);

    [StructLayout(LayoutKind.Sequential)]
    private struct CacheRange
    {
        public ulong Offset;
        public ulong Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CacheState
    {
        public ulong Cached;
        public ulong Dirty;
        public ulong Writeback;
        public ulong Evicted;
        public ulong RecentlyEvicted;
    }
}
