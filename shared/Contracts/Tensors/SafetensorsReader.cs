using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Contracts.Tensors;

/// <summary>
/// Reads a safetensors file: 8 bytes header length, JSON header, raw little-endian data. Only the header is held in
/// memory. The header is checked completely before any data is read: names, types, sizes and that the tensors tile
/// the data part without gaps or overlaps.
/// </summary>
public sealed class SafetensorsReader : IDisposable
{
    /// <summary>Largest header accepted, in bytes.</summary>
    public const int MaximumHeader = 32 * 1024 * 1024;

    private readonly SafeFileHandle _file;
    private readonly long _dataStart;
    private readonly CachedWindows _windows;
    private readonly SortedDictionary<string, TensorInfo> _tensors = new(StringComparer.Ordinal);

    /// <exception cref="FederationException">BMF-1405 when malformed or truncated, BMF-1401 when missing.</exception>
    public SafetensorsReader(string path)
    {
        Path = path;
        try
        {
            _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ErrorCatalogue.ArtifactMissing.With(path, e);
        }

        try
        {
            _dataStart = ReadHeader();
            _windows = new CachedWindows(_file, RandomAccess.GetLength(_file));
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public string Path { get; }

    /// <summary>Tensors by ordinal name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>The <c>__metadata__</c> strings.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; private set; } = new Dictionary<string, string>();

    /// <summary>Reads bytes of one tensor.</summary>
    /// <param name="name">Tensor name.</param>
    /// <param name="offset">First byte inside the tensor.</param>
    /// <param name="destination">Receives the bytes; filled completely.</param>
    public void ReadBytes(string name, long offset, Span<byte> destination)
    {
        var tensor = Find(name);
        if (offset < 0 || offset + destination.Length > tensor.End - tensor.Begin)
        {
            throw new ArgumentOutOfRangeException(nameof(offset));
        }

        ReadExactly(_dataStart + tensor.Begin + offset, destination);
    }

    /// <summary>Reads elements of one F32 tensor.</summary>
    /// <param name="name">Tensor name.</param>
    /// <param name="offset">First element.</param>
    /// <param name="destination">Receives the elements; filled completely.</param>
    public void ReadFloats(string name, long offset, Span<float> destination)
    {
        if (Find(name).DataType != "F32")
        {
            throw ErrorCatalogue.LayoutMismatch.With($"{Path}: tensor {name} is {Find(name).DataType}, expected F32.");
        }

        ReadBytes(name, offset * sizeof(float), MemoryMarshal.AsBytes(destination));
    }

    /// <summary>
    /// Elements of one F32 tensor: where they lie in memory, if the system has them there, or read into a buffer. They are
    /// good until the next call; for one thread at a time.
    /// </summary>
    /// <param name="name">Tensor name.</param>
    /// <param name="offset">First element.</param>
    /// <param name="buffer">As many elements; used when they must be read.</param>
    public ReadOnlySpan<float> Floats(string name, long offset, Span<float> buffer)
    {
        var tensor = Find(name);
        var bytes = buffer.Length * sizeof(float);
        if (tensor.DataType == "F32" && offset >= 0 && (offset * sizeof(float)) + bytes <= tensor.End - tensor.Begin
            && _windows.Find(_dataStart + tensor.Begin + (offset * sizeof(float)), bytes) is { Length: > 0 } cached)
        {
            return MemoryMarshal.Cast<byte, float>(cached);
        }

        ReadFloats(name, offset, buffer);
        return buffer;
    }

    /// <summary>Reads a whole F32 tensor.</summary>
    public float[] ReadFloats(string name)
    {
        var values = new float[Find(name).Count];
        ReadFloats(name, 0, values);
        return values;
    }

    /// <summary>One tensor as a source for <see cref="SafetensorsWriter"/>, read in blocks when it is written.</summary>
    public TensorSource Source(string name)
    {
        var tensor = Find(name);
        return new TensorSource(name, tensor.DataType, tensor.Shape, stream =>
        {
            var block = new byte[1 << 20];
            for (var offset = 0L; offset < tensor.End - tensor.Begin; offset += block.Length)
            {
                var part = block.AsSpan(0, (int)Math.Min(block.Length, tensor.End - tensor.Begin - offset));
                ReadBytes(name, offset, part);
                stream.Write(part);
            }
        });
    }

    public void Dispose()
    {
        _windows.Dispose();
        _file.Dispose();
    }

    private TensorInfo Find(string name) => _tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw ErrorCatalogue.LayoutMismatch.With($"{Path}: there is no tensor {name}.");

    private FederationException Malformed(string why, Exception? inner = null) => ErrorCatalogue.SafetensorsInvalid.With($"{Path}: {why}", inner);

    private void ReadExactly(long position, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var read = RandomAccess.Read(_file, destination, position);
            if (read == 0)
            {
                throw Malformed("the file ends too early.");
            }

            destination = destination[read..];
            position += read;
        }
    }

    private long ReadHeader()
    {
        var length = RandomAccess.GetLength(_file);
        Span<byte> prefix = stackalloc byte[8];
        if (length < 8)
        {
            throw Malformed("the file is shorter than its 8-byte prefix.");
        }

        ReadExactly(0, prefix);
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > MaximumHeader || (long)headerLength > length - 8)
        {
            throw Malformed($"the header claims {headerLength} bytes in a file of {length}.");
        }

        var header = new byte[headerLength];
        ReadExactly(8, header);
        var dataLength = length - 8 - (long)headerLength;
        try
        {
            using var json = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
            foreach (var property in json.RootElement.EnumerateObject())
            {
                if (property.NameEquals("__metadata__"))
                {
                    Metadata = property.Value.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString() ?? "", StringComparer.Ordinal);
                    continue;
                }

                var tensor = ReadTensor(property, dataLength);
                if (!_tensors.TryAdd(tensor.Name, tensor))
                {
                    throw Malformed($"tensor {tensor.Name} is named twice.");
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or OverflowException or ArgumentException)
        {
            throw Malformed($"the header cannot be read: {e.Message}", e);
        }

        CheckTiling(dataLength);
        return 8 + (long)headerLength;
    }

    private TensorInfo ReadTensor(JsonProperty property, long dataLength)
    {
        var type = property.Value.GetProperty("dtype").GetString() ?? "";
        var shape = property.Value.GetProperty("shape").EnumerateArray().Select(v => v.GetInt64()).ToArray();
        var offsets = property.Value.GetProperty("data_offsets").EnumerateArray().Select(v => v.GetInt64()).ToArray();
        if (TensorInfo.SizeOf(type) == 0 || offsets.Length != 2 || shape.Any(s => s < 0))
        {
            throw Malformed($"tensor {property.Name} has type {type}, {offsets.Length} offsets or a negative size.");
        }

        var tensor = new TensorInfo(property.Name, type, shape, offsets[0], offsets[1]);
        if (tensor.Begin < 0 || tensor.End > dataLength || tensor.End - tensor.Begin != checked(tensor.Count * TensorInfo.SizeOf(type)))
        {
            throw Malformed($"tensor {tensor.Name} does not fit its bytes {tensor.Begin}..{tensor.End} of {dataLength}.");
        }

        return tensor;
    }

    private void CheckTiling(long dataLength)
    {
        long next = 0;
        foreach (var tensor in _tensors.Values.OrderBy(t => t.Begin).ThenBy(t => t.End))
        {
            if (tensor.Begin != next)
            {
                throw Malformed($"tensor {tensor.Name} begins at {tensor.Begin}, expected {next}.");
            }

            next = tensor.End;
        }

        if (next != dataLength)
        {
            throw Malformed($"the tensors cover {next} of {dataLength} data bytes.");
        }
    }
}
