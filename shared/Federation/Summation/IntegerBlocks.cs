using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace BrainMVP.Federated.Federation.Summation;

/// <summary>Arithmetic on blocks of integers modulo 2³², as many at once as the processor can; the result is the same.</summary>
public static class IntegerBlocks
{
    /// <summary>sum ← sum + values, element by element, modulo 2³².</summary>
    public static void Add(Span<int> sum, ReadOnlySpan<int> values)
    {
        ref var to = ref MemoryMarshal.GetReference(sum);
        ref var from = ref MemoryMarshal.GetReference(values[..sum.Length]);
        nuint i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            // Four vectors a turn: one alone waits for its load.
            for (var end = (nuint)(sum.Length & ~63); i < end; i += 64)
            {
                var a = Vector512.LoadUnsafe(ref to, i) + Vector512.LoadUnsafe(ref from, i);
                var b = Vector512.LoadUnsafe(ref to, i + 16) + Vector512.LoadUnsafe(ref from, i + 16);
                var c = Vector512.LoadUnsafe(ref to, i + 32) + Vector512.LoadUnsafe(ref from, i + 32);
                var d = Vector512.LoadUnsafe(ref to, i + 48) + Vector512.LoadUnsafe(ref from, i + 48);
                a.StoreUnsafe(ref to, i);
                b.StoreUnsafe(ref to, i + 16);
                c.StoreUnsafe(ref to, i + 32);
                d.StoreUnsafe(ref to, i + 48);
            }
        }

        for (var end = (nuint)(sum.Length - (sum.Length % Vector<int>.Count)); i < end; i += (nuint)Vector<int>.Count)
        {
            (Vector.LoadUnsafe(ref to, i) + Vector.LoadUnsafe(ref from, i)).StoreUnsafe(ref to, i);
        }

        for (; i < (nuint)sum.Length; i++)
        {
            sum[(int)i] = unchecked(sum[(int)i] + values[(int)i]);
        }
    }
}
