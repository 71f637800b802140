namespace BrainMVP.Federated.Contracts.Tensors;

/// <summary>One tensor of a file: little-endian, row-major.</summary>
/// <param name="Name">Key of the state dictionary.</param>
/// <param name="DataType">safetensors name of the element type: F32, F64, F16, BF16, I64, I32, U8.</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Begin">First byte, counted from the start of the data part.</param>
/// <param name="End">One past the last byte.</param>
public sealed record TensorInfo(string Name, string DataType, IReadOnlyList<long> Shape, long Begin, long End)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (a, b) => checked(a * b));

    /// <summary>Bytes of one element of a safetensors type; 0 when unknown.</summary>
    public static int SizeOf(string dataType) => dataType switch
    {
        "F64" or "I64" => 8,
        "F32" or "I32" or "U32" => 4,
        "F16" or "BF16" or "I16" or "U16" => 2,
        "U8" or "I8" or "BOOL" => 1,
        _ => 0,
    };
}
