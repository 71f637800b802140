namespace BrainMVP.Federated.Training.Interchange;

/// <summary>What the reader does with a name that a checkpoint refers to.</summary>
internal enum GlobalKind
{
    OrderedDictionary,
    RebuildTensor,
    RebuildParameter,
    StorageType,

    /// <summary>A type of plain data: a call of it becomes a placeholder and nothing is made.</summary>
    PlainData,
}

/// <summary>
/// The only names a checkpoint may refer to. Not one of them leads to code: tensors are described, everything else
/// becomes a placeholder. The placeholders are what training scripts leave beside the weights, for example a best score
/// that is a numpy number; a placeholder in the place of a weight is refused.
/// </summary>
internal static class AllowedGlobals
{
    private static readonly Dictionary<string, AllowedGlobal> Names = All().ToDictionary(g => g.Name, StringComparer.Ordinal);

    /// <summary>The entry of a name, or null when it is not on the list.</summary>
    public static AllowedGlobal? Find(string module, string name) => Names.GetValueOrDefault(module + "." + name);

    private static IEnumerable<AllowedGlobal> All()
    {
        yield return new AllowedGlobal("collections.OrderedDict", GlobalKind.OrderedDictionary);
        yield return new AllowedGlobal("torch._utils._rebuild_tensor_v2", GlobalKind.RebuildTensor);
        yield return new AllowedGlobal("torch._utils._rebuild_parameter", GlobalKind.RebuildParameter);
        foreach (var (storage, type) in (IEnumerable<(string, string)>)
            [("Float", "F32"), ("Half", "F16"), ("BFloat16", "BF16"), ("Double", "F64"), ("Long", "I64"), ("Int", "I32"), ("Short", "I16"), ("Char", "I8"), ("Byte", "U8"), ("Bool", "BOOL")])
        {
            yield return new AllowedGlobal($"torch.{storage}Storage", GlobalKind.StorageType, type);
        }

        string[] plain =
        [
            "torch.Size", "torch.device",
            "torch.float32", "torch.float16", "torch.bfloat16", "torch.float64", "torch.int64", "torch.int32", "torch.int16", "torch.int8", "torch.uint8", "torch.bool",
            "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct",
            "numpy.ndarray", "numpy.dtype", "_codecs.encode", "collections.Counter", "builtins.set", "__builtin__.set",
        ];
        foreach (var name in plain)
        {
            yield return new AllowedGlobal(name, GlobalKind.PlainData);
        }
    }
}
