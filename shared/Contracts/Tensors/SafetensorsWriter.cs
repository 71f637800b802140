using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace BrainMVP.Federated.Contracts.Tensors;

/// <summary>One tensor to write: its description and a source of its bytes.</summary>
/// <param name="Name">Key of the state dictionary.</param>
/// <param name="DataType">safetensors type name.</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Write">Writes exactly count x size bytes.</param>
public sealed record TensorSource(string Name, string DataType, IReadOnlyList<long> Shape, Action<Stream> Write)
{
    /// <summary>A tensor of 32-bit floats held in memory.</summary>
    public static TensorSource Floats(string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> values) =>
        new(name, "F32", shape, stream => stream.Write(MemoryMarshal.AsBytes(values.Span)));
}

/// <summary>
/// Writes safetensors files whose bytes depend only on the tensors and the given metadata: ordinal name order, data
/// begins at a multiple of 64 bytes, nothing that varies between runs.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>Writes to a stream.</summary>
    public static void Write(Stream destination, IEnumerable<TensorSource> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var ordered = tensors.OrderBy(t => t.Name, StringComparer.Ordinal).ToArray();
        var header = Header(ordered, metadata);
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
        destination.Write(prefix);
        destination.Write(header);
        foreach (var tensor in ordered)
        {
            tensor.Write(destination);
        }
    }

    /// <summary>Writes a file durably: temporary file, fsync, rename, fsync of the folder.</summary>
    public static void WriteFile(string path, IEnumerable<TensorSource> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        Storage.DurableFile.Write(path, stream => Write(stream, tensors, metadata));

    private static byte[] Header(TensorSource[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            long offset = 0;
            foreach (var tensor in tensors)
            {
                var bytes = tensor.Shape.Aggregate(1L, (a, b) => checked(a * b)) * TensorInfo.SizeOf(tensor.DataType);
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.DataType);
                json.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                {
                    json.WriteNumberValue(size);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += bytes);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        var text = Encoding.UTF8.GetString(buffer.ToArray());
        var padding = (64 - ((8 + Encoding.UTF8.GetByteCount(text)) % 64)) % 64;
        return Encoding.UTF8.GetBytes(text + new string(' ', padding));
    }
}
