using System.Numerics;
using System.Runtime.InteropServices;

namespace BrainMVP.Federated.Federation.Summation;

/// <summary>Arithmetic on blocks of integers modulo 2³², as many at once as the processor can; the result is the same.</summary>
internal static class IntegerBlocks
{
    /// <summary>sum ← sum + values, element by element, modulo 2³².</summary>
    public static void Add(Span<int> sum, ReadOnlySpan<int> values)
    {
        // Four vectors a turn: one alone waits for its load.
        var step = 4 * Vector<int>.Count;
        var i = 0;
        ref var to = ref MemoryMarshal.GetReference(sum);
        ref var from = ref MemoryMarshal.GetReference(values[..sum.Length]);
        for (; i <= sum.Length - step; i += step)
        {
            for (var k = 0; k < step; k += Vector<int>.Count)
            {
                (Vector.LoadUnsafe(ref to, (nuint)(i + k)) + Vector.LoadUnsafe(ref from, (nuint)(i + k))).StoreUnsafe(ref to, (nuint)(i + k));
            }
        }

        for (; i < sum.Length; i++)
        {
            sum[i] = unchecked(sum[i] + values[i]);
        }
    }
}
