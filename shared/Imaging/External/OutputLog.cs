using System.Globalization;
using System.Text;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>
/// A file with what a program prints on both of its outputs. Of a longer output the beginning and the end are kept:
/// the first half of the limit, and the last half that was printed before the program ended.
/// </summary>
internal sealed class OutputLog : IDisposable
{
    /// <summary>Largest log, without the line that says how much is missing.</summary>
    public const int MaximumBytes = 1024 * 1024;

    private const int Half = MaximumBytes / 2;

    private readonly FileStream _file;
    private readonly byte[] _end = new byte[Half];
    private readonly Lock _lock = new();
    private long _total;
    private bool _closed;

    public OutputLog(string path)
    {
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);
    }

    public void Write(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        lock (_lock)
        {
            // A child that outlives the program may still print; nobody waits for it.
            if (_closed)
            {
                return;
            }

            var first = (int)Math.Clamp(Half - _total, 0, bytes.Length);
            _file.Write(bytes[..first]);
            _file.Flush();
            foreach (var value in bytes[first..])
            {
                _end[(_total + first - Half) % Half] = value;
                _total++;
            }

            _total += first;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            var late = _total - Half;
            if (late > Half)
            {
                _file.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\n[... {late - Half} bytes left out ...]\n")));
                _file.Write(_end, (int)(late % Half), Half - (int)(late % Half));
                _file.Write(_end, 0, (int)(late % Half));
            }
            else if (late > 0)
            {
                _file.Write(_end, 0, (int)late);
            }

            _file.Dispose();
        }
    }
}
