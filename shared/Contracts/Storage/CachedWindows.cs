using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Contracts.Storage;

/// <summary>
/// Finds those parts of a file that the system holds in memory, window by window: what was written moments ago is read
/// where it lies, on machines where that is faster than a copy. One window is mapped in at a time. For one thread at a
/// time, and for files that nobody writes to.
/// </summary>
/// <param name="file">An open file that stays open as long as this.</param>
/// <param name="length">Its length, bytes.</param>
public sealed class CachedWindows(SafeFileHandle file, long length) : IDisposable
{
    private const long WindowBytes = 4 << 20;

    private MappedFile? _map;
    private long _window = -1;
    private bool _isCached;

    /// <summary>A part where it lies in memory; empty when it must be read: it is not there, or it lies in two windows.</summary>
    public ReadOnlySpan<byte> Find(long offset, int bytes)
    {
        var window = offset / WindowBytes;
        if (bytes == 0 || (offset + bytes - 1) / WindowBytes != window)
        {
            return [];
        }

        if (window != _window)
        {
            Enter(window);
        }

        return _isCached ? _map!.Bytes(offset, bytes) : [];
    }

    public void Dispose() => _map?.Dispose();

    private void Enter(long window)
    {
        if (_isCached)
        {
            _map!.Release(_window * WindowBytes, LengthOf(_window));
        }

        _window = window;
        _isCached = false;
        if (!MappingSpeed.IsWorthwhile)
        {
            return;
        }

        _map ??= new MappedFile(file);
        if (_map.IsCached(window * WindowBytes, LengthOf(window)))
        {
            MappingSpeed.Measure(_map, file, window * WindowBytes, LengthOf(window));
            _isCached = MappingSpeed.IsWorthwhile;
        }
    }

    private long LengthOf(long window) => Math.Min(WindowBytes, length - (window * WindowBytes));
}
