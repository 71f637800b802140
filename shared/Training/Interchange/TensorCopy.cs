using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>Moves tensors between files in blocks.</summary>
internal static class TensorCopy
{
    private const int Block = 1 << 20;

    /// <exception cref="FederationException">BMF-1406 when the tensor is missing or another one.</exception>
    public static void Require(SafetensorsReader file, string name, IReadOnlyList<long> shape)
    {
        if (!file.Tensors.TryGetValue(name, out var found) || found.DataType != "F32" || !found.Shape.SequenceEqual(shape))
        {
            throw ErrorCatalogue.LayoutMismatch.With($"{file.Path}: expected {name} F32 [{string.Join(", ", shape)}], found {(found is null ? "nothing" : $"{found.DataType} [{string.Join(", ", found.Shape)}]")}.");
        }
    }

    public static void To(SafetensorsReader file, string name, Stream destination, CancellationToken cancellation) =>
        Blocks(file, name, block => destination.Write(block), cancellation);

    /// <summary>Copies an F32 tensor whose elements must be finite.</summary>
    /// <exception cref="FederationException">BMF-1414 naming the tensor.</exception>
    public static void FiniteTo(SafetensorsReader file, string name, Stream destination, CancellationToken cancellation) => Blocks(file, name, block =>
    {
        foreach (var value in MemoryMarshal.Cast<byte, float>(block))
        {
            if (!float.IsFinite(value))
            {
                throw ErrorCatalogue.CheckpointLayout.With($"{file.Path}: {name} holds values that are not finite.");
            }
        }

        destination.Write(block);
    }, cancellation);

    /// <summary>Smallest and largest element of an F32 tensor; NaN when it holds one.</summary>
    public static (float Minimum, float Maximum) Range(SafetensorsReader file, string name, CancellationToken cancellation)
    {
        var (minimum, maximum) = (float.PositiveInfinity, float.NegativeInfinity);
        Blocks(file, name, block =>
        {
            foreach (var value in MemoryMarshal.Cast<byte, float>(block))
            {
                (minimum, maximum) = (MathF.Min(minimum, value), MathF.Max(maximum, value));
            }
        }, cancellation);
        return (minimum, maximum);
    }

    public static void Zeros(long bytes, Stream destination)
    {
        var block = new byte[(int)Math.Min(Block, bytes)];
        for (; bytes > 0; bytes -= block.Length)
        {
            destination.Write(block.AsSpan(0, (int)Math.Min(block.Length, bytes)));
        }
    }

    private static void Blocks(SafetensorsReader file, string name, Action<ReadOnlySpan<byte>> use, CancellationToken cancellation)
    {
        var tensor = file.Tensors[name];
        var length = tensor.End - tensor.Begin;
        var buffer = new byte[(int)Math.Min(Block, length)];
        for (var offset = 0L; offset < length; offset += buffer.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - offset));
            file.ReadBytes(name, offset, part);
            use(part);
        }
    }
}
