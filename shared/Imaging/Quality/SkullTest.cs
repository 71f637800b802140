using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>
/// Whether a volume shows a brain alone or a whole head, from three measures that need no atlas. A stripped volume has
/// one and the same value almost everywhere around the brain; a head has noise there, or, where a threshold cut the
/// noise, a dark shell of bone between scalp and brain.
/// </summary>
/// <param name="ConstantBackground">Part of the voxels outside the foreground that have the most frequent value there, 0..1.</param>
/// <param name="ForegroundMl">Filled foreground in millilitres.</param>
/// <param name="BoneShell">
/// Part of the rays from the foreground's centre to its upper half that cross a dark gap of bone below the surface, 0..1.
/// </param>
public sealed record SkullTest(double ConstantBackground, double ForegroundMl, double BoneShell)
{
    private const double LeastConstant = 0.9;
    private const double LargestBrainMl = 2200;
    private const double MostBone = 0.45;
    private const int Rays = 240;
    private const double StepMm = 1;
    private const int Depth = 36;

    /// <summary>A brain alone.</summary>
    public bool IsStripped => ConstantBackground >= LeastConstant && ForegroundMl <= LargestBrainMl && BoneShell <= MostBone;

    /// <param name="volume">Any orientation.</param>
    /// <param name="foreground">Filled foreground on its grid.</param>
    internal static SkullTest Of(Volume volume, bool[] foreground)
    {
        var (x, y, z) = volume.Affine.Spacing;
        var count = foreground.LongCount(f => f);
        return new SkullTest(Constant(volume.Voxels, foreground), count * x * y * z / 1000, count == 0 ? 0 : Bone(volume, foreground));
    }

    private static double Constant(float[] voxels, bool[] foreground)
    {
        var (outside, count) = (new float[voxels.Length], 0);
        for (var n = 0; n < voxels.Length; n++)
        {
            if (!foreground[n])
            {
                outside[count++] = voxels[n];
            }
        }

        if (count == 0)
        {
            return 0;
        }

        // The most frequent value is the median when it is a majority, and nothing less than a majority matters.
        var values = outside.AsSpan(0, count);
        var middle = Percentiles.Select(values, values.Length / 2);
        var same = 0L;
        foreach (var value in values)
        {
            same += value == middle ? 1 : 0;
        }

        return (double)same / values.Length;
    }

    private static double Bone(Volume volume, bool[] foreground)
    {
        var (shape, centre) = (volume.Shape, Centre(volume, foreground));
        var toVoxel = volume.Affine.Inverse();
        var (longest, gaps, used) = ((int)Reach(volume), 0, 0);
        Span<float> profile = stackalloc float[Depth];
        var sorted = new float[Depth];
        for (var ray = 0; ray < Rays; ray++)
        {
            // Points of a golden spiral over the upper half of a sphere: evenly spread, the same every time.
            var up = (ray + 0.5) / Rays;
            var (sin, cos) = Math.SinCos(ray * Math.PI * (3 - Math.Sqrt(5)));
            var level = Math.Sqrt(1 - (up * up));
            var direction = (X: level * cos, Y: level * sin, Z: up);
            var surface = longest;
            while (surface > 0 && !Inside(surface))
            {
                surface--;
            }

            if (surface < Depth)
            {
                continue;
            }

            used++;
            for (var d = 0; d < Depth; d++)
            {
                var (i, j, k) = At(surface - (d * StepMm));
                profile[d] = Resampling.Trilinear(volume, i, j, k);
            }

            gaps += HasGap(profile, sorted) ? 1 : 0;

            (double I, double J, double K) At(double distance) => toVoxel.Apply(
                centre.X + (direction.X * distance), centre.Y + (direction.Y * distance), centre.Z + (direction.Z * distance));

            bool Inside(double distance)
            {
                var (i, j, k) = At(distance);
                int a = (int)Math.Round(i), b = (int)Math.Round(j), c = (int)Math.Round(k);
                return a >= 0 && b >= 0 && c >= 0 && a < shape.I && b < shape.J && c < shape.K && foreground[volume.Index(a, b, c)];
            }
        }

        return used == 0 ? 0 : (double)gaps / used;
    }

    /// <summary>Bright scalp, then a dark gap, then tissue again.</summary>
    private static bool HasGap(ReadOnlySpan<float> profile, float[] sorted)
    {
        var scalp = 0;
        for (var d = 1; d <= 8; d++)
        {
            scalp = profile[d] > profile[scalp] ? d : scalp;
        }

        var gap = float.MaxValue;
        for (var d = scalp + 1; d <= 18; d++)
        {
            gap = Math.Min(gap, profile[d]);
        }

        profile[20..].CopyTo(sorted);
        Array.Sort(sorted, 0, Depth - 20);
        var brain = sorted[(Depth - 20) / 2];
        return gap < 0.5f * Math.Min(profile[scalp], brain);
    }

    private static (double X, double Y, double Z) Centre(Volume volume, bool[] foreground)
    {
        double i = 0, j = 0, k = 0, count = 0;
        for (var n = 0; n < foreground.Length; n++)
        {
            if (foreground[n])
            {
                (i, j, k, count) = (i + (n / (volume.Shape.J * volume.Shape.K)), j + (n / volume.Shape.K % volume.Shape.J), k + (n % volume.Shape.K), count + 1);
            }
        }

        return volume.Affine.Apply(i / count, j / count, k / count);
    }

    /// <summary>The field of view's diagonal, mm.</summary>
    private static double Reach(Volume volume)
    {
        var (x, y, z) = volume.Affine.Spacing;
        var (width, depth, height) = (x * volume.Shape.I, y * volume.Shape.J, z * volume.Shape.K);
        return Math.Sqrt((width * width) + (depth * depth) + (height * height));
    }
}
