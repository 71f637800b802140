using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>
/// What slices and sampling do to a signal: slices of two-dimensional sequences average along S, coarse sampling blurs
/// in the plane. Means are over tissue only, so that a stripped brain keeps its brightness at the border.
/// </summary>
internal static class Resolution
{
    private const double FwhmOverDeviation = 2.3548;
    private const double LargestWeight = 0.2;

    /// <param name="signal">Changed in place.</param>
    /// <param name="covered">Part of each voxel that holds tissue.</param>
    /// <param name="size">Voxel side, mm.</param>
    public static void Blur(float[] signal, float[] covered, VolumeShape shape, double size, ScannerPreset scanner, string modality)
    {
        var slice = modality is Modalities.T1 or Modalities.T1c or Modalities.Mra ? 0 : scanner.SliceMm;
        if (slice > size)
        {
            // A box as wide as a slice: whole voxels in the middle, parts at both ends.
            var reach = (int)Math.Ceiling(((slice / size) - 1) / 2);
            var end = ((slice / size) - ((2 * reach) - 1)) / 2;
            Along(signal, covered, shape, 2, [.. Enumerable.Range(-reach, (2 * reach) + 1).Select(n => (float)(Math.Abs(n) == reach ? end : 1))]);
        }

        // Three taps of the variance wanted; a wide blur takes several passes.
        var weight = Math.Pow(scanner.BlurMm / FwhmOverDeviation / size, 2) / 2;
        var passes = weight < 0.01 ? 0 : (int)Math.Ceiling(weight / LargestWeight);
        for (var n = 0; n < passes; n++)
        {
            var w = (float)(weight / passes);
            Along(signal, covered, shape, 0, [w, 1 - (2 * w), w]);
            Along(signal, covered, shape, 1, [w, 1 - (2 * w), w]);
        }
    }

    private static void Along(float[] signal, float[] covered, VolumeShape shape, int axis, float[] taps)
    {
        var stride = axis switch { 0 => shape.J * shape.K, 1 => shape.K, _ => 1 };
        var (length, reach) = (shape[axis], taps.Length / 2);
        var source = (float[])signal.Clone();
        for (var at = 0; at < signal.Length; at++)
        {
            if (covered[at] <= 0)
            {
                continue;
            }

            var place = at / stride % length;
            float sum = 0, tissue = 0;
            for (var n = Math.Max(-reach, -place); n <= Math.Min(reach, length - 1 - place); n++)
            {
                var from = at + (n * stride);
                sum += taps[n + reach] * source[from];
                tissue += taps[n + reach] * covered[from];
            }

            signal[at] = sum / tissue * covered[at];
        }
    }
}
