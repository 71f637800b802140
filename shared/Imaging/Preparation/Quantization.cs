using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>
/// Prepared values 0..1 as 16-bit numbers: n stands for n / 65535. Rounded to the nearest, so that a value changes by
/// at most 1/131070 (plus the rounding of a float, 3e-8); 0 stays 0 and 1 stays 1. Foreground means "above 0", so a
/// value above 0 never becomes 0: those below 1/131070 become 1/65535, the one exception from the bound.
/// </summary>
internal static class Quantization
{
    /// <summary>The number that stands for 1.</summary>
    public const int Levels = 65535;

    private const float Step = 1f / Levels;

    /// <param name="values">0..1.</param>
    /// <param name="destination">Of the same length.</param>
    /// <returns>True when all values are 0.</returns>
    /// <exception cref="ArgumentException">A value is not in 0..1.</exception>
    public static bool Encode(ReadOnlySpan<float> values, Span<ushort> destination)
    {
        var any = 0;
        for (var n = 0; n < values.Length; n++)
        {
            var value = values[n];
            if (!(value is >= 0 and <= 1))
            {
                throw new ArgumentException(FormattableString.Invariant($"The value {value} is not in 0..1."), nameof(values));
            }

            // In double the product is exact.
            var number = (int)((value * (double)Levels) + 0.5);
            number = value > 0 && number == 0 ? 1 : number;
            destination[n] = (ushort)number;
            any |= number;
        }

        return any == 0;
    }

    /// <param name="numbers">As <see cref="Encode"/> made them.</param>
    /// <param name="destination">Of the same length; receives 0..1.</param>
    public static void Decode(ReadOnlySpan<ushort> numbers, Span<float> destination)
    {
        // Destination is never shorter, so that the two references stay inside their spans.
        destination = destination[..numbers.Length];
        ref var from = ref MemoryMarshal.GetReference(numbers);
        ref var to = ref MemoryMarshal.GetReference(destination);
        var n = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            var step = Vector256.Create(Step);
            for (; n <= numbers.Length - Vector256<ushort>.Count; n += Vector256<ushort>.Count)
            {
                var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref from, (nuint)n));
                (Vector256.ConvertToSingle(low.AsInt32()) * step).StoreUnsafe(ref to, (nuint)n);
                (Vector256.ConvertToSingle(high.AsInt32()) * step).StoreUnsafe(ref to, (nuint)(n + Vector256<float>.Count));
            }
        }

        for (; n < numbers.Length; n++)
        {
            destination[n] = numbers[n] * Step;
        }
    }
}
