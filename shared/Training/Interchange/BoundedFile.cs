using BrainMVP.Federated.Contracts.Errors;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>A file from outside, read by position; every position is checked, whatever the file claims.</summary>
internal sealed class BoundedFile : IDisposable
{
    private readonly SafeFileHandle _file;

    /// <exception cref="FederationException">BMF-1006 when it cannot be opened.</exception>
    public BoundedFile(string path)
    {
        Path = path;
        try
        {
            _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"{path} cannot be opened: {e.Message}", e);
        }

        Length = RandomAccess.GetLength(_file);
    }

    public string Path { get; }

    public long Length { get; }

    /// <summary>Reads bytes into a new array.</summary>
    /// <exception cref="FederationException">BMF-1411 when they lie outside the file.</exception>
    public byte[] Read(long position, int length)
    {
        if (position < 0 || length < 0 || position > Length - length)
        {
            throw Malformed($"it ends at byte {Length}, and {length} bytes are missing at {position}.");
        }

        var bytes = new byte[length];
        Read(position, bytes);
        return bytes;
    }

    /// <summary>Fills a buffer.</summary>
    public void Read(long position, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var read = position < 0 ? 0 : RandomAccess.Read(_file, destination, position);
            if (read == 0)
            {
                throw Malformed("it ends too early.");
            }

            destination = destination[read..];
            position += read;
        }
    }

    public FederationException Malformed(string why) => ErrorCatalogue.CheckpointUnreadable.With($"{Path}: {why}");

    public void Dispose() => _file.Dispose();
}
