using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>
/// Asks whether another position would fit better: a pattern search over three translations and three rotations that
/// maximises normalised mutual information on block means of about 4 mm. It measures, it does not register: steps end
/// at 2 mm. Deterministic, single-threaded, about a hundred evaluations of at most <see cref="MostPoints"/> points.
/// </summary>
internal sealed class RigidSearch
{
    /// <summary>Rotations are counted in millimetres at this distance from the centre, so that all six steps move tissue alike.</summary>
    private const double Radius = 70;

    private const double VoxelMm = 4;
    private const double MarginMm = 8;
    private const int Bins = 32;
    private const int MostPoints = 24_000;
    private const int MostSweeps = 12;
    private static readonly double[] Steps = [8, 4, 2];

    private readonly VolumeShape _shape;
    private readonly (double X, double Y, double Z) _size;
    private readonly (double X, double Y, double Z) _centre;
    private readonly float[] _other;
    private readonly bool[]? _covered;
    private readonly (float X, float Y, float Z)[] _points;
    private readonly byte[] _bins;
    private readonly IntensityWindow _window;
    private readonly JointHistogram _histogram = new(Bins);

    private RigidSearch(
        VolumeShape shape, (double X, double Y, double Z) size, (double X, double Y, double Z) centre, float[] other, bool[]? covered,
        (float X, float Y, float Z)[] points, byte[] bins, IntensityWindow window)
    {
        (_shape, _size, _centre, _other, _covered, _points, _bins, _window) = (shape, size, centre, other, covered, points, bins, window);
    }

    /// <param name="reference">The volume that stays.</param>
    /// <param name="other">On the reference's grid.</param>
    /// <param name="covered">Voxels inside both fields of view; null for all.</param>
    public static RigidOffset Run(Volume reference, Volume other, bool[] foreground, bool[] foregroundOther, bool[]? covered)
    {
        var factors = CoarseGrid.Factors(reference, VoxelMm);
        var (fine, shape) = (reference.Shape, CoarseGrid.Shape(reference.Shape, factors));
        var (sx, sy, sz) = reference.Affine.Spacing;
        var size = (sx * factors.I, sy * factors.J, sz * factors.K);
        var (a, b) = (CoarseGrid.Means(reference.Voxels, fine, factors), CoarseGrid.Means(other.Voxels, fine, factors));
        var (inA, inB) = (CoarseGrid.Majority(foreground, fine, factors), CoarseGrid.Majority(foregroundOther, fine, factors));
        var common = covered is null ? null : CoarseGrid.Majority(covered, fine, factors);
        var chosen = Domain(inA, inB, common, shape, size);
        var windowA = IntensityWindow.Robust(Array.ConvertAll(chosen, n => a[n]), Bins);
        var windowB = IntensityWindow.Robust(Array.ConvertAll(chosen, n => b[n]), Bins);
        var centre = Centroid(inA, shape);
        var points = Array.ConvertAll(chosen, n => Place(n, shape, size, centre));
        var search = new RigidSearch(shape, size, centre, b, common, points, Array.ConvertAll(chosen, n => (byte)windowA.Bin(a[n])), windowB);
        var start = Centroid(inB, shape);
        double[] centred = [(start.X - centre.X) * size.Item1, (start.Y - centre.Y) * size.Item2, (start.Z - centre.Z) * size.Item3, 0, 0, 0];
        return search.Result(reference.Affine, inA, search.Best(centred));
    }

    /// <summary>Both foregrounds and a margin around them, so that edges count; every n-th voxel when there are too many.</summary>
    private static int[] Domain(bool[] a, bool[] b, bool[]? covered, VolumeShape shape, (double X, double Y, double Z) size)
    {
        var domain = new bool[a.Length];
        for (var n = 0; n < domain.Length; n++)
        {
            domain[n] = a[n] || b[n];
        }

        ReadOnlySpan<int> reach = [(int)Math.Round(MarginMm / size.X), (int)Math.Round(MarginMm / size.Y), (int)Math.Round(MarginMm / size.Z)];
        ReadOnlySpan<int> stride = [shape.J * shape.K, shape.K, 1];
        for (var axis = 0; axis < 3; axis++)
        {
            var wider = new bool[domain.Length];
            for (var n = 0; n < domain.Length; n++)
            {
                var at = n / stride[axis] % shape[axis];
                for (var d = Math.Max(-reach[axis], -at); d <= Math.Min(reach[axis], shape[axis] - 1 - at) && domain[n]; d++)
                {
                    wider[n + (d * stride[axis])] = true;
                }
            }

            domain = wider;
        }

        var all = Enumerable.Range(0, domain.Length).Where(n => domain[n] && (covered is null || covered[n])).ToArray();
        var every = (all.Length / MostPoints) + 1;

        // A step that shares no factor with the rows' length does not pick whole planes.
        return every == 1 ? all : [.. Enumerable.Range(0, all.Length / every).Select(n => all[(n * every) + (n * 7 % every)])];
    }

    private static (double X, double Y, double Z) Centroid(bool[] mask, VolumeShape shape)
    {
        double x = 0, y = 0, z = 0, count = 0;
        for (var n = 0; n < mask.Length; n++)
        {
            if (mask[n])
            {
                (x, y, z, count) = (x + (n / (shape.J * shape.K)), y + (n / shape.K % shape.J), z + (n % shape.K), count + 1);
            }
        }

        return count == 0 ? ((shape.I - 1) / 2.0, (shape.J - 1) / 2.0, (shape.K - 1) / 2.0) : (x / count, y / count, z / count);
    }

    private static (float X, float Y, float Z) Place(int n, VolumeShape shape, (double X, double Y, double Z) size, (double X, double Y, double Z) centre) => (
        (float)(((n / (shape.J * shape.K)) - centre.X) * size.X),
        (float)(((n / shape.K % shape.J) - centre.Y) * size.Y),
        (float)(((n % shape.K) - centre.Z) * size.Z));

    /// <summary>The better end of two searches: from the headers' position and, when that is better, from equal centres of the foregrounds.</summary>
    private double[] Best(double[] centred)
    {
        var here = new double[6];
        var (best, value) = Climb(here, Information(here));
        var atCentred = Information(centred);
        if (Math.Abs(centred[0]) + Math.Abs(centred[1]) + Math.Abs(centred[2]) > Steps[0] && atCentred > Information(here))
        {
            var (second, secondValue) = Climb(centred, atCentred);
            return secondValue > value ? second : best;
        }

        return best;
    }

    private (double[] Pose, double Value) Climb(double[] pose, double value)
    {
        foreach (var step in Steps)
        {
            for (var sweep = 0; sweep < MostSweeps; sweep++)
            {
                double[]? better = null;
                for (var n = 0; n < 12; n++)
                {
                    var trial = (double[])pose.Clone();
                    trial[n / 2] += n % 2 == 0 ? step : -step;
                    var at = Information(trial);
                    if (at > value + 1e-9)
                    {
                        (better, value) = (trial, at);
                    }
                }

                if (better is null)
                {
                    break;
                }

                pose = better;
            }
        }

        return (pose, value);
    }

    private RigidOffset Result(Affine affine, bool[] foreground, double[] pose)
    {
        var motion = Motion.Of(pose);
        double sum = 0, count = 0;
        for (var n = 0; n < foreground.Length; n++)
        {
            if (foreground[n])
            {
                var p = Place(n, _shape, _size, _centre);
                var (x, y, z) = motion.Apply(p.X, p.Y, p.Z);
                sum += Math.Sqrt(((x - p.X) * (x - p.X)) + ((y - p.Y) * (y - p.Y)) + ((z - p.Z) * (z - p.Z)));
                count++;
            }
        }

        var (sx, sy, sz) = affine.Spacing;
        double a = pose[0] / sx, b = pose[1] / sy, c = pose[2] / sz;
        var around = 0.0;
        for (var n = 0; n < 6; n++)
        {
            var aside = new double[6];
            aside[n / 2] = n % 2 == 0 ? Steps[0] : -Steps[0];
            around += (Information(aside) - 1) / 6;
        }

        var here = Information(new double[6]);
        return new RigidOffset(
            (affine.M00 * a) + (affine.M01 * b) + (affine.M02 * c),
            (affine.M10 * a) + (affine.M11 * b) + (affine.M12 * c),
            (affine.M20 * a) + (affine.M21 * b) + (affine.M22 * c),
            motion.Degrees,
            count == 0 ? 0 : sum / count,
            here,
            Information(pose),
            around <= 0 ? 0 : (here - 1) / around);
    }

    /// <summary>Information between the reference and the other volume sampled at moved points.</summary>
    private double Information(double[] pose)
    {
        _histogram.Clear();
        var motion = Motion.Of(pose);
        var (shape, other) = (_shape, _other);
        var plane = shape.J * shape.K;
        for (var n = 0; n < _points.Length; n++)
        {
            var p = _points[n];
            var (x, y, z) = motion.Apply(p.X, p.Y, p.Z);
            x = (x / _size.X) + _centre.X;
            y = (y / _size.Y) + _centre.Y;
            z = (z / _size.Z) + _centre.Z;
            if (x < 0 || y < 0 || z < 0 || x > shape.I - 1 || y > shape.J - 1 || z > shape.K - 1
                || (_covered is not null && !_covered[((int)(x + 0.5) * plane) + ((int)(y + 0.5) * shape.K) + (int)(z + 0.5)]))
            {
                continue;
            }

            int i = (int)x, j = (int)y, k = (int)z;
            float fx = (float)(x - i), fy = (float)(y - j), fz = (float)(z - k);
            var at = (i * plane) + (j * shape.K) + k;
            var di = i + 1 < shape.I ? plane : 0;
            var dj = j + 1 < shape.J ? shape.K : 0;
            var dk = k + 1 < shape.K ? 1 : 0;
            var low = Mix(Mix(other[at], other[at + dk], fz), Mix(other[at + dj], other[at + dj + dk], fz), fy);
            var high = Mix(Mix(other[at + di], other[at + di + dk], fz), Mix(other[at + di + dj], other[at + di + dj + dk], fz), fy);
            _histogram.Add(_bins[n], _window.Bin(Mix(low, high, fx)));
        }

        return _histogram.NormalisedMutualInformation();

        static float Mix(float a, float b, float t) => a + ((b - a) * t);
    }

    /// <summary>Rotation about the first, second, then third axis, then translation; millimetres along the grid's axes.</summary>
    private readonly record struct Motion(Affine Matrix)
    {
        /// <summary>Angle of the rotation, from the trace.</summary>
        public double Degrees => Math.Acos(Math.Clamp((Matrix.M00 + Matrix.M11 + Matrix.M22 - 1) / 2, -1, 1)) * 180 / Math.PI;

        public static Motion Of(double[] pose)
        {
            var (sa, ca) = Math.SinCos(pose[3] / Radius);
            var (sb, cb) = Math.SinCos(pose[4] / Radius);
            var (sc, cc) = Math.SinCos(pose[5] / Radius);
            return new Motion(new Affine(
                cc * cb, (cc * sb * sa) - (sc * ca), (cc * sb * ca) + (sc * sa), pose[0],
                sc * cb, (sc * sb * sa) + (cc * ca), (sc * sb * ca) - (cc * sa), pose[1],
                -sb, cb * sa, cb * ca, pose[2]));
        }

        public (double X, double Y, double Z) Apply(double x, double y, double z) => Matrix.Apply(x, y, z);
    }
}
