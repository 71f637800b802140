using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;
using CsCheck;

namespace BrainMVP.Federated.Contracts.Tests.Tensors;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tensors_and_metadata_read_back_bit_by_bit() => Gen.Select(
        Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 1, 12], Gen.Long[0, 4].Array[0, 3]).Array[0, 6],
        Gen.Dictionary(Gen.String[Gen.Char.AlphaNumeric, 0, 8], Gen.String[Gen.Char['\u0020', '\u0400'], 0, 20])[0, 3],
        Gen.UInt).Sample(
        (tensors, metadata, bits) =>
        {
            var written = tensors.DistinctBy(t => t.Item1).ToDictionary(t => t.Item1, t => (Shape: t.Item2, Values: Values(t.Item2, bits)));
            var path = _folder[Guid.NewGuid().ToString("N")];
            SafetensorsWriter.WriteFile(path, written.Select(t => TensorSource.Floats(t.Key, t.Value.Shape, t.Value.Values)), metadata);
            using var reader = new SafetensorsReader(path);
            Assert.Equal(written.Keys.Order(StringComparer.Ordinal), reader.Tensors.Keys);
            Assert.Equal(metadata.OrderBy(m => m.Key), reader.Metadata.OrderBy(m => m.Key));
            foreach (var (name, (shape, values)) in written)
            {
                Assert.Equal(shape, reader.Tensors[name].Shape);
                Assert.Equal(MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), MemoryMarshal.AsBytes(reader.ReadFloats(name).AsSpan()).ToArray());
            }
        },
        iter: 60);

    [Fact]
    public void Data_begins_at_a_multiple_of_64_bytes() => Gen.Int[1, 200].Sample(
        length =>
        {
            var bytes = Bytes([TensorSource.Floats(new string('n', length), [1], new float[] { 1 })]);
            var header = (long)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            Assert.Equal(0, (8 + header) % 64);
            Assert.Equal(bytes.Length, 8 + header + 4);
        },
        iter: 100);

    [Fact]
    public void Bytes_depend_on_the_tensors_only_not_on_their_order()
    {
        TensorSource[] tensors = [.. "bac".Select(c => TensorSource.Floats(c.ToString(), [2], new float[] { c, -c }))];
        var expected = Bytes(tensors, new Dictionary<string, string> { ["x"] = "1", ["a"] = "2" });
        Assert.Equal(expected, Bytes(tensors.Reverse(), new Dictionary<string, string> { ["a"] = "2", ["x"] = "1" }));
    }

    [Fact]
    public void Blocks_are_read_at_their_place()
    {
        var path = _folder["model"];
        SafetensorsWriter.WriteFile(path, [TensorSource.Floats("a", [3], new float[] { 1, 2, 3 }), TensorSource.Floats("b", [2, 2], new float[] { 4, 5, 6, 7 })]);
        using var reader = new SafetensorsReader(path);
        var two = new float[2];
        reader.ReadFloats("b", 1, two);
        Assert.Equal([5, 6], two);
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadFloats("b", 3, two));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadFloats("b", -1, two));
        Fails.Saying(ErrorCatalogue.LayoutMismatch, () => reader.ReadFloats("c"), "c");
    }

    [Fact]
    public void Other_types_are_not_read_as_floats()
    {
        var path = _folder["model"];
        SafetensorsWriter.WriteFile(path, [new TensorSource("n", "I64", [1], s => s.Write(new byte[8]))]);
        using var reader = new SafetensorsReader(path);
        Fails.Saying(ErrorCatalogue.LayoutMismatch, () => reader.ReadFloats("n"), "I64");
    }

    [Fact]
    public void A_missing_file_has_its_own_number() => Fails.With(ErrorCatalogue.ArtifactMissing, () => new SafetensorsReader(_folder["missing"]).Dispose());

    internal static byte[] Bytes(IEnumerable<TensorSource> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, tensors, metadata);
        return stream.ToArray();
    }

    internal static byte[] WithHeader(string header, int data)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + text.Length + data];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)text.Length);
        text.CopyTo(bytes, 8);
        return bytes;
    }

    private static float[] Values(long[] shape, uint bits) =>
        [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => BitConverter.UInt32BitsToSingle(unchecked(bits * 2654435761u * (uint)(i + 1))))];
}
