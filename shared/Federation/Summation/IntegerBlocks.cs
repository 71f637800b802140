using System.Numerics;

namespace BrainMVP.Federated.Federation.Summation;

/// <summary>Arithmetic on blocks of integers modulo 2³², as many at once as the processor can; the result is the same.</summary>
internal static class IntegerBlocks
{
    /// <summary>sum ← sum + values, element by element, modulo 2³².</summary>
    public static void Add(Span<int> sum, ReadOnlySpan<int> values)
    {
        var i = 0;
        for (; i <= sum.Length - Vector<int>.Count; i += Vector<int>.Count)
        {
            (new Vector<int>(sum[i..]) + new Vector<int>(values[i..])).CopyTo(sum[i..]);
        }

        for (; i < sum.Length; i++)
        {
            sum[i] = unchecked(sum[i] + values[i]);
        }
    }
}
