using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using BrainMVP.Federated.Contracts.Tensors;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>
/// Writes the description of a checkpoint: <c>{"current_epoch": 0, "state_dict": OrderedDict(…)}</c> in pickle
/// protocol 2, of the few names that <c>torch.load(weights_only=True)</c> admits. Storage n belongs to tensor n.
/// </summary>
internal static class DescriptionWriter
{
    private static readonly Dictionary<string, string> Storages = new(StringComparer.Ordinal)
    {
        ["F32"] = "FloatStorage",
        ["I64"] = "LongStorage",
    };

    /// <param name="tensors">Types F32 and I64 only.</param>
    public static byte[] Describe(IReadOnlyList<TensorSource> tensors)
    {
        using var output = new MemoryStream();
        output.Write([0x80, 2, (byte)'}', (byte)'(']);
        Text(output, "current_epoch");
        Number(output, 0);
        Text(output, "state_dict");
        OrderedDictionary(output);
        output.WriteByte((byte)'(');
        for (var i = 0; i < tensors.Count; i++)
        {
            Text(output, tensors[i].Name);
            Tensor(output, tensors[i], i);
        }

        output.Write("uu."u8);
        return output.ToArray();
    }

    /// <summary>_rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()).</summary>
    private static void Tensor(Stream output, TensorSource tensor, int index)
    {
        Global(output, "torch._utils", "_rebuild_tensor_v2");
        output.Write("(("u8);
        Text(output, "storage");
        Global(output, "torch", Storages[tensor.DataType]);
        Text(output, index.ToString(CultureInfo.InvariantCulture));
        Text(output, "cpu");
        Number(output, tensor.Shape.Aggregate(1L, (a, b) => checked(a * b)));
        output.Write("tQ"u8);
        Number(output, 0);
        Tuple(output, tensor.Shape);
        var strides = new long[tensor.Shape.Count];
        var stride = 1L;
        for (var axis = strides.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= tensor.Shape[axis];
        }

        Tuple(output, strides);
        output.WriteByte(0x89);
        OrderedDictionary(output);
        output.Write("tR"u8);
    }

    private static void OrderedDictionary(Stream output)
    {
        Global(output, "collections", "OrderedDict");
        output.Write(")R"u8);
    }

    private static void Global(Stream output, string module, string name) => output.Write(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));

    private static void Tuple(Stream output, IReadOnlyList<long> numbers)
    {
        output.WriteByte((byte)'(');
        foreach (var number in numbers)
        {
            Number(output, number);
        }

        output.WriteByte((byte)'t');
    }

    private static void Number(Stream output, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        if (number is >= 0 and <= byte.MaxValue)
        {
            output.Write([(byte)'K', (byte)number]);
        }
        else if (number is >= int.MinValue and <= int.MaxValue)
        {
            output.WriteByte((byte)'J');
            BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)number);
            output.Write(bytes[..4]);
        }
        else
        {
            output.Write([0x8a, 8]);
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
            output.Write(bytes);
        }
    }

    private static void Text(Stream output, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        output.WriteByte((byte)'X');
        output.Write(length);
        output.Write(bytes);
    }
}
