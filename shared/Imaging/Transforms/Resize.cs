using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Transforms;

/// <summary>How a resized voxel gets its value.</summary>
public enum ResizeMode
{
    /// <summary>Mean of all voxels that the new one touches (adaptive average; MONAI's default for images).</summary>
    Area,

    /// <summary>Linear between voxel centres, half-pixel coordinates (align_corners false).</summary>
    Trilinear,

    /// <summary>Voxel ⌊index · old / new⌋; for label maps.</summary>
    Nearest,
}

/// <summary>
/// Changes the number of voxels over the same field of view, without smoothing before shrinking (MONAI 1.4.0
/// <c>Resize</c>; torch <c>interpolate</c> with modes area, trilinear and nearest). Coordinates are in float as torch
/// computes them, sums in double, rounded to float once.
/// </summary>
public static class Resize
{
    /// <param name="volume">No side of 0.</param>
    /// <param name="shape">Sides of at least 1.</param>
    /// <returns>A new volume whose affine covers the same box, or the same volume when the shape already fits.</returns>
    public static Volume To(Volume volume, VolumeShape shape, ResizeMode mode = ResizeMode.Area)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(shape.I, Math.Min(shape.J, shape.K)), 1, nameof(shape));
        if (shape == volume.Shape)
        {
            return volume;
        }

        var old = volume.Shape;
        Taps alongI = new(old.I, shape.I, mode), alongJ = new(old.J, shape.J, mode), alongK = new(old.K, shape.K, mode);
        var voxels = new float[shape.Count];
        var next = 0;
        for (var i = 0; i < shape.I; i++)
        {
            for (var j = 0; j < shape.J; j++)
            {
                for (var k = 0; k < shape.K; k++)
                {
                    voxels[next++] = Value(volume, alongI, i, alongJ, j, alongK, k);
                }
            }
        }

        double si = (double)old.I / shape.I, sj = (double)old.J / shape.J, sk = (double)old.K / shape.K;
        return new Volume(shape, volume.Affine * Affine.Scaling(si, sj, sk, (si - 1) / 2, (sj - 1) / 2, (sk - 1) / 2), voxels);
    }

    /// <summary>The shape whose longest side has a given length (size_mode "longest"); halves round to even.</summary>
    /// <param name="shape">No side of 0.</param>
    /// <param name="longest">At least 1.</param>
    public static VolumeShape Longest(VolumeShape shape, int longest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 1);
        var scale = (double)longest / Math.Max(shape.I, Math.Max(shape.J, shape.K));
        return new VolumeShape((int)Math.Round(shape.I * scale), (int)Math.Round(shape.J * scale), (int)Math.Round(shape.K * scale));
    }

    private static float Value(Volume volume, Taps alongI, int i, Taps alongJ, int j, Taps alongK, int k)
    {
        var sum = 0.0;
        var (firstK, countK) = (alongK.First[k], alongK.Count[k]);
        for (var a = 0; a < alongI.Count[i]; a++)
        {
            for (var b = 0; b < alongJ.Count[j]; b++)
            {
                var row = volume.Voxels.AsSpan(volume.Index(alongI.First[i] + a, alongJ.First[j] + b, firstK), countK);
                var line = 0.0;
                for (var c = 0; c < row.Length; c++)
                {
                    line += alongK.Weight(k, c) * row[c];
                }

                sum += alongI.Weight(i, a) * alongJ.Weight(j, b) * line;
            }
        }

        return (float)sum;
    }

    /// <summary>For each new index along one axis: the run of old voxels that make it, and their weights.</summary>
    private sealed class Taps
    {
        private readonly bool _linear;
        private readonly double[] _last;

        public Taps(int old, int size, ResizeMode mode)
        {
            (First, Count, _last) = (new int[size], new int[size], new double[size]);
            _linear = mode == ResizeMode.Trilinear;
            var scale = (float)old / size;
            for (var n = 0; n < size; n++)
            {
                switch (mode)
                {
                    case ResizeMode.Area:
                        First[n] = (int)((long)n * old / size);
                        Count[n] = (int)((((long)(n + 1) * old) + size - 1) / size) - First[n];
                        _last[n] = 1.0 / Count[n];
                        break;
                    case ResizeMode.Nearest:
                        (First[n], Count[n], _last[n]) = (Math.Min((int)(n * scale), old - 1), 1, 1);
                        break;
                    default:
                        // One rounding: torch's builds fuse the multiplication and the subtraction.
                        var at = Math.Clamp(MathF.FusedMultiplyAdd(scale, n + 0.5f, -0.5f), 0, old - 1);
                        First[n] = (int)at;
                        _last[n] = at - First[n];
                        Count[n] = _last[n] > 0 ? 2 : 1;
                        break;
                }
            }
        }

        public int[] First { get; }

        public int[] Count { get; }

        public double Weight(int index, int tap) => !_linear ? _last[index] : tap == 0 ? 1 - _last[index] : _last[index];
    }
}
