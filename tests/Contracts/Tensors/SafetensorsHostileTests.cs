using System.Buffers.Binary;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;
using CsCheck;

namespace BrainMVP.Federated.Contracts.Tests.Tensors;

public sealed class SafetensorsHostileTests : IDisposable
{
    private const string Marks = "\"{}[],-90\\e:";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", 0)]
    [InlineData("[]", 0)]
    [InlineData("3", 0)]
    [InlineData("{", 0)]
    [InlineData("{}", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 3)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0)]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}""", 0)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"X9","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":null,"shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}""", 4)]
    [InlineData("""{"a":3}""", 0)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12)]
    [InlineData("""{"__metadata__":3}""", 0)]
    [InlineData("""{"__metadata__":{"a":1}}""", 0)]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0)]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""", 0)]
    [InlineData("""{"a":{"dtype":"\ud800","shape":[0],"data_offsets":[0,0]}}""", 0)]
    [InlineData("""{"a":[[[[[[[[[[[[1]]]]]]]]]]]]}""", 0)]
    public void A_header_that_cannot_be_true_is_refused(string header, int data) => MustRefuse(SafetensorsTests.WithHeader(header, data));

    [Fact]
    public void Every_truncation_is_refused()
    {
        var whole = Sample();
        for (var length = 0; length < whole.Length; length++)
        {
            MustRefuse(whole[..length]);
        }
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData((ulong)SafetensorsReader.MaximumHeader + 1)]
    [InlineData(SafetensorsReader.MaximumHeader)]
    public void A_header_longer_than_the_file_or_the_limit_is_refused_before_memory_is_taken(ulong length)
    {
        var bytes = Sample();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        MustRefuse(bytes);
    }

    [Fact]
    public void Damaged_headers_are_refused_or_describe_exactly_the_files_bytes()
    {
        var whole = Sample();
        var header = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(whole);
        Gen.Select(Gen.Int[0, header - 1], Gen.OneOf(Gen.Byte, Gen.Int[0, Marks.Length - 1].Select(i => (byte)Marks[i]))).Array[1, 5].Sample(
            edits =>
            {
                var bytes = (byte[])whole.Clone();
                foreach (var (at, value) in edits)
                {
                    bytes[at] = value;
                }

                var path = _folder[Guid.NewGuid().ToString("N")];
                File.WriteAllBytes(path, bytes);
                try
                {
                    using var reader = new SafetensorsReader(path);
                    Assert.Equal(bytes.Length - 8 - (long)BinaryPrimitives.ReadUInt64LittleEndian(bytes), reader.Tensors.Values.Sum(t => t.Count * TensorInfo.SizeOf(t.DataType)));
                }
                catch (FederationException e)
                {
                    Assert.Equal(ErrorCatalogue.SafetensorsInvalid.Id, e.Code.Id);
                }

                File.Delete(path);
            },
            iter: 3000);
    }

    private static byte[] Sample() => SafetensorsTests.Bytes(
        [TensorSource.Floats("a.weight", [2, 2], new float[4]), TensorSource.Floats("b.bias", [3], new float[3]), new TensorSource("c", "I64", [1], s => s.Write(new byte[8]))],
        new Dictionary<string, string> { ["layout"] = "1" });

    private void MustRefuse(byte[] bytes)
    {
        var path = _folder["hostile"];
        File.WriteAllBytes(path, bytes);
        Fails.With(ErrorCatalogue.SafetensorsInvalid, () => new SafetensorsReader(path).Dispose());
    }
}
