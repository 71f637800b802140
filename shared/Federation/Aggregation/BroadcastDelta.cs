using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;

namespace BrainMVP.Federated.Federation.Aggregation;

/// <summary>
/// The change from one model or template to the next in fewer bits. The next one <em>is</em> the one before plus this change,
/// at the aggregator as at every site, so all have the same bits; what the change lost is measured and reported.
/// A file holds <c>values.NAME</c> for each tensor, F16 or I8 in the tensor's shape, and with I8 <c>scale.NAME</c>, F32, one
/// for each 1,024 values.
/// </summary>
public static class BroadcastDelta
{
    private const int ScaledValues = 1024;
    private const int BlockElements = 32 * ScaledValues;
    private const string Values = "values.";
    private const string Scales = "scale.";

    /// <summary>The change as tensors to write.</summary>
    /// <param name="before">The file before; null for zeros.</param>
    /// <param name="wanted">The file that is aimed at.</param>
    /// <param name="format"><see cref="BroadcastFormats.Fp16"/> or <see cref="BroadcastFormats.Int8"/>.</param>
    public static IEnumerable<TensorSource> Encode(SafetensorsReader? before, SafetensorsReader wanted, string format)
    {
        foreach (var tensor in wanted.Tensors.Values)
        {
            if (format == BroadcastFormats.Fp16)
            {
                yield return new TensorSource(Values + tensor.Name, "F16", tensor.Shape, output => WriteHalves(before, wanted, tensor, output));
                continue;
            }

            var scales = ReadScales(before, wanted, tensor);
            yield return TensorSource.Floats(Scales + tensor.Name, [scales.Length], scales);
            yield return new TensorSource(Values + tensor.Name, "I8", tensor.Shape, output => WriteBytes(before, wanted, tensor, scales, output));
        }
    }

    /// <summary>The file after the change, as tensors to write. Variances of batch normalisation stay 0 or above.</summary>
    /// <param name="before">The file before; null for zeros.</param>
    /// <param name="delta">What <see cref="Encode"/> wrote.</param>
    /// <exception cref="FederationException">BMF-1406 when the two do not fit each other.</exception>
    public static IEnumerable<TensorSource> Apply(SafetensorsReader? before, SafetensorsReader delta)
    {
        foreach (var change in delta.Tensors.Values.Where(t => t.Name.StartsWith(Values, StringComparison.Ordinal)))
        {
            var name = change.Name[Values.Length..];
            var known = before?.Tensors.GetValueOrDefault(name);
            if (before is not null && (known is null || known.DataType != "F32" || !known.Shape.SequenceEqual(change.Shape)))
            {
                throw ErrorCatalogue.LayoutMismatch.With($"{delta.Path}: tensor {name} is not in {before.Path}.");
            }

            var scales = change.DataType == "I8" ? delta.ReadFloats(Scales + name) : [];
            if (change.DataType is not ("F16" or "I8") || (change.DataType == "I8" && scales.Length != (change.Count + ScaledValues - 1) / ScaledValues))
            {
                throw ErrorCatalogue.LayoutMismatch.With($"{delta.Path}: tensor {name} has type {change.DataType} and {scales.Length} scales.");
            }

            yield return new TensorSource(name, "F32", change.Shape, output => WriteNext(before, delta, change, name, scales, output));
        }
    }

    /// <summary>What was lost: largest absolute difference from what was aimed at, and its Euclidean norm over that of the change.</summary>
    public static BroadcastEntry Measure(string delta, SafetensorsReader? before, SafetensorsReader wanted, SafetensorsReader made)
    {
        double largest = 0;
        double lost = 0;
        double changed = 0;
        var (b, w, m) = (new float[BlockElements], new float[BlockElements], new float[BlockElements]);
        foreach (var tensor in wanted.Tensors.Values)
        {
            foreach (var (start, n) in Blocks(tensor.Count))
            {
                Read(before, tensor.Name, start, b.AsSpan(0, n));
                wanted.ReadFloats(tensor.Name, start, w.AsSpan(0, n));
                made.ReadFloats(tensor.Name, start, m.AsSpan(0, n));
                for (var i = 0; i < n; i++)
                {
                    var error = (double)m[i] - w[i];
                    var change = (double)w[i] - b[i];
                    largest = Math.Max(largest, Math.Abs(error));
                    lost += error * error;
                    changed += change * change;
                }
            }
        }

        return new BroadcastEntry(delta, largest, changed > 0 ? Math.Sqrt(lost) / Math.Sqrt(changed) : 0);
    }

    private static void WriteHalves(SafetensorsReader? before, SafetensorsReader wanted, TensorInfo tensor, Stream output)
    {
        var halves = new Half[BlockElements];
        foreach (var changes in Changes(before, wanted, tensor))
        {
            for (var i = 0; i < changes.Length; i++)
            {
                // A change beyond the range of the type goes as far as it can; the next rounds bring the rest.
                halves[i] = (Half)Math.Clamp(changes[i], (double)Half.MinValue, (double)Half.MaxValue);
            }

            output.Write(MemoryMarshal.AsBytes(halves.AsSpan(0, changes.Length)));
        }
    }

    private static float[] ReadScales(SafetensorsReader? before, SafetensorsReader wanted, TensorInfo tensor)
    {
        var scales = new List<float>();
        foreach (var changes in Changes(before, wanted, tensor))
        {
            foreach (var part in changes.Chunk(ScaledValues))
            {
                scales.Add((float)(part.Max(Math.Abs) / sbyte.MaxValue));
            }
        }

        return [.. scales];
    }

    private static void WriteBytes(SafetensorsReader? before, SafetensorsReader wanted, TensorInfo tensor, float[] scales, Stream output)
    {
        var bytes = new sbyte[BlockElements];
        long done = 0;
        foreach (var changes in Changes(before, wanted, tensor))
        {
            for (var i = 0; i < changes.Length; i++)
            {
                double scale = scales[(done + i) / ScaledValues];
                bytes[i] = scale == 0 ? (sbyte)0 : (sbyte)Math.Clamp(Math.Round(changes[i] / scale, MidpointRounding.ToEven), -sbyte.MaxValue, sbyte.MaxValue);
            }

            output.Write(MemoryMarshal.AsBytes(bytes.AsSpan(0, changes.Length)));
            done += changes.Length;
        }
    }

    private static void WriteNext(SafetensorsReader? before, SafetensorsReader delta, TensorInfo change, string name, float[] scales, Stream output)
    {
        var isVariance = name.EndsWith(".running_var", StringComparison.Ordinal);
        var next = new float[BlockElements];
        var raw = new byte[BlockElements * TensorInfo.SizeOf(change.DataType)];
        foreach (var (start, n) in Blocks(change.Count))
        {
            var bytes = raw.AsSpan(0, n * TensorInfo.SizeOf(change.DataType));
            delta.ReadBytes(change.Name, start * TensorInfo.SizeOf(change.DataType), bytes);
            Read(before, name, start, next.AsSpan(0, n));
            for (var i = 0; i < n; i++)
            {
                var value = change.DataType == "F16"
                    ? (double)MemoryMarshal.Cast<byte, Half>(bytes)[i]
                    : (sbyte)bytes[i] * (double)scales[(start + i) / ScaledValues];
                var sum = next[i] + value;
                next[i] = (float)(isVariance && sum < 0 ? 0 : sum);
            }

            output.Write(MemoryMarshal.AsBytes(next.AsSpan(0, n)));
        }
    }

    /// <summary>The exact change of a tensor, block by block; the array is used again, a shorter one for the last block.</summary>
    private static IEnumerable<double[]> Changes(SafetensorsReader? before, SafetensorsReader wanted, TensorInfo tensor)
    {
        var (b, w, changes) = (new float[BlockElements], new float[BlockElements], new double[BlockElements]);
        foreach (var (start, n) in Blocks(tensor.Count))
        {
            Read(before, tensor.Name, start, b.AsSpan(0, n));
            wanted.ReadFloats(tensor.Name, start, w.AsSpan(0, n));
            if (n != changes.Length)
            {
                changes = new double[n];
            }

            for (var i = 0; i < n; i++)
            {
                changes[i] = (double)w[i] - b[i];
            }

            yield return changes;
        }
    }

    private static void Read(SafetensorsReader? file, string name, long start, Span<float> values)
    {
        if (file is null)
        {
            values.Clear();
        }
        else
        {
            file.ReadFloats(name, start, values);
        }
    }

    private static IEnumerable<(long Start, int Count)> Blocks(long count)
    {
        for (long start = 0; start < count; start += BlockElements)
        {
            yield return (start, (int)Math.Min(BlockElements, count - start));
        }
    }
}
