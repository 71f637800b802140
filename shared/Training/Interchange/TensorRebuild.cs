using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>
/// What PyTorch's rebuilding calls would be given, as descriptions. A tensor must lie inside its storage and may not
/// have more elements than it, so no description stands for more than the file holds.
/// </summary>
internal static class TensorRebuild
{
    private const int LargestRank = 16;

    /// <summary>A persistent id: ("storage", type, key, location, elements).</summary>
    public static StorageReference Storage(object id, Func<string, FederationException> malformed) =>
        id is InertTuple { Items: ["storage", AllowedGlobal { Kind: GlobalKind.StorageType } type, string key, string, long count] }
        && count >= 0 && count <= long.MaxValue / TensorInfo.SizeOf(type.DataType)
            ? new StorageReference(key, type.DataType, count)
            : throw malformed("it refers to a storage in a way that is not known.");

    /// <summary>(storage, offset, size, stride, requires_grad, hooks[, metadata]).</summary>
    public static TensorView Tensor(IReadOnlyList<object> arguments, Func<string, FederationException> malformed)
    {
        if (arguments.Count is not (6 or 7) || arguments[0] is not StorageReference storage || arguments[1] is not long offset
            || arguments[2] is not InertTuple size || arguments[3] is not InertTuple stride || arguments[4] is not bool || HasItems(arguments[5]))
        {
            throw malformed("it rebuilds a tensor in a way that is not known.");
        }

        var (shape, strides) = (Numbers(size), Numbers(stride));
        return shape is not null && strides is not null && Fits(storage, offset, shape, strides)
            ? new TensorView(storage, offset, shape, strides)
            : throw malformed($"a tensor of size [{Show(size)}] and stride [{Show(stride)}] at {offset} does not fit its storage of {storage.Count} elements.");
    }

    /// <summary>(tensor, requires_grad, hooks).</summary>
    public static TensorView Parameter(IReadOnlyList<object> arguments, Func<string, FederationException> malformed) =>
        arguments is [TensorView tensor, bool, var hooks] && !HasItems(hooks)
            ? tensor
            : throw malformed("it rebuilds a parameter in a way that is not known.");

    private static bool Fits(StorageReference storage, long offset, long[] shape, long[] strides)
    {
        if (shape.Length != strides.Length || offset < 0 || offset > storage.Count || shape.Any(s => s < 0) || strides.Any(s => s < 0))
        {
            return false;
        }

        if (shape.Contains(0))
        {
            return true;
        }

        // Exact in 128 bits: each factor is below 2^63, and both stop at the storage's size.
        Int128 last = offset, count = 1;
        for (var axis = 0; axis < shape.Length; axis++)
        {
            last += (Int128)(shape[axis] - 1) * strides[axis];
            count *= shape[axis];
            if (last >= storage.Count || count > storage.Count)
            {
                return false;
            }
        }

        return last < storage.Count;
    }

    private static long[]? Numbers(InertTuple tuple) =>
        tuple.Items.Count <= LargestRank && tuple.Items.All(i => i is long) ? [.. tuple.Items.Cast<long>()] : null;

    private static bool HasItems(object hooks) => hooks is not (InertNone or InertDictionary { Items.Count: 0 });

    private static string Show(InertTuple tuple) => string.Join(", ", tuple.Items.Take(LargestRank));
}
