using BrainMVP.Federated.Contracts.Randomness;
using static BrainMVP.Federated.Imaging.Phantom.BrainOutline;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>
/// The anatomy as formulas in model coordinates (origin near the anterior commissure; the usual stereotaxic places of
/// structures in mm). Cortex: winding sulcal sheets, the zero set of a random field evaluated on a sphere-like
/// projection so that sheets stand upright on the brain surface; grey matter lies at a fixed distance from the pia.
/// </summary>
internal sealed class BrainModel(HeadVariation head)
{
    private const double FoldRadius = 50;

    // The same for every person: this is what makes brains alike. Not a run's seed on purpose.
    private static readonly PlaneWaves SharedFolding = new(new CounterRandom(20240614, "phantom", "shared", "folding"), 22, 17, 24);
    private static readonly PlaneWaves SulcalDepth = new(new CounterRandom(20240614, "phantom", "shared", "depth"), 10, 26, 50);
    private static readonly PlaneWaves Bend = new(new CounterRandom(20240614, "phantom", "shared", "bend"), 8, 28, 50);
    private static readonly PlaneWaves Folia = new(new CounterRandom(20240614, "phantom", "shared", "folia"), 8, 25, 45);

    /// <summary>Adds the parts of each tissue in a voxel; they sum to the voxel's part inside the envelope.</summary>
    /// <param name="m">Model position.</param>
    /// <param name="h">Voxel side, mm.</param>
    /// <param name="parts">One entry a tissue, zero on entry.</param>
    /// <param name="envelope">Signed distance from <see cref="Envelope"/>.</param>
    public void Sample(Point m, double h, double envelope, Span<double> parts)
    {
        var left = Shapes.Coverage(envelope, h);
        if (left <= 0)
        {
            return;
        }

        // The fissure between the hemispheres is not a plane.
        m = Unbent(m);
        var p = m with { X = Math.Abs(m.X) };
        if (p.X < 48 && p.Y is > -84 and < 46 && p.Z is > -52 and < 36)
        {
            var v = head.Ventricles;
            Take(parts, ref left, Tissue.Csf, Shapes.Coverage(LateralVentricle(p, v), h));
            Take(parts, ref left, Tissue.Csf, Shapes.Coverage(ThirdVentricle(p, v), h));
            Take(parts, ref left, Tissue.Csf, Shapes.Coverage(FourthVentricle(p, v), h));
        }

        var high = p.Z > AboveTentorium;
        var cerebellum = high ? double.MaxValue : Cerebellum(p);
        var cerebrum = Cerebrum(p, 5);
        Take(parts, ref left, Tissue.Brainstem, high ? 0 : Shapes.Coverage(Math.Max(Stem(p), -LowerOf(p)), h));
        if (left <= 0)
        {
            return;
        }

        if (cerebellum < cerebrum)
        {
            CerebellarTissue(m, p, h, cerebellum, parts, ref left);
            return;
        }

        DeepNuclei(p, h, parts, ref left);
        CerebralTissue(m, p, h, cerebrum, parts, ref left);
    }

    /// <summary>Signed distance to the ventricles, mm.</summary>
    public double Ventricles(Point m)
    {
        var p = Folded(m);
        var v = head.Ventricles;
        return Math.Min(LateralVentricle(p, v), Math.Min(ThirdVentricle(p, v), FourthVentricle(p, v)));
    }

    /// <summary>The tissue that has most of a millimetre around a place; null outside the brain.</summary>
    public Tissue? Main(Point m)
    {
        Span<double> parts = stackalloc double[Tissues.Count];
        parts.Clear();
        Sample(m, 1, Envelope(m), parts);
        var most = 0;
        for (var t = 1; t < parts.Length; t++)
        {
            most = parts[t] > parts[most] ? t : most;
        }

        return parts[most] > 0 ? (Tissue)most : null;
    }

    /// <summary>True below the tentorium: in the cerebellum or the brainstem.</summary>
    public static bool InPosteriorFossa(Point m)
    {
        var p = m with { X = Math.Abs(m.X) };
        return p.Z < 4 && (Cerebellum(p) < Cerebrum(p, 5) || Math.Max(Stem(p), -LowerOf(p)) < 0);
    }

    /// <summary>About how far a place is from the fibres that cross the midline above the ventricles, mm; 0 in them.</summary>
    public static double FromCallosum(Point m) => Math.Max(0, Math.Max(Math.Abs(Fibres(m) + 2.5) - 3, -6 - m.Z));

    private static Point Unbent(Point m) => m with { X = m.X - (1.7 * Bend.At(new Point(0, m.Y, m.Z))) };

    private static Point Folded(Point m)
    {
        var straight = Unbent(m);
        return straight with { X = Math.Abs(straight.X) };
    }

    private static void Take(Span<double> parts, ref double left, Tissue tissue, double coverage)
    {
        var part = left * coverage;
        parts[(int)tissue] += part;
        left -= part;
    }

    private void CerebralTissue(Point m, Point p, double h, double hull, Span<double> parts, ref double left)
    {
        // The callosum and what lies under it interrupt the fissure between the hemispheres.
        var arch = Arch(p);
        var fissure = Math.Sqrt((p.X * p.X) + Square(Math.Max(0, -arch)));
        if (p.Z < -4 && p.Y is < 14 and > -48)
        {
            fissure = Math.Max(fissure, Math.Min(14 - p.Y, p.Y + 48) * 0.5);
        }

        // Its fibres rise into the hemispheres, where no sulcus reaches them.
        var fibres = Fibres(p);
        var callosum = fibres is < 0.6 and > -5.5 && p.Z > -6 && p.X < 15;
        var beside = 14 * (1 - Shapes.Step(15, 30, p.X)) * (1 - Shapes.Step(0, 5, Math.Abs(fibres + 2.5) - 3));
        var depth = Math.Min(-hull, callosum ? double.MaxValue : fissure - 0.6 + (2 * Math.Max(0, -arch)) + beside);
        var (sulcus, half) = Sulcus(m, p, depth);
        var sylvian = Sylvian(p);
        var opened = head.SulcalHalfWidth;
        var csf = Shapes.Coverage(-hull, h) is var inside ? 1 - Shapes.Coverage(hull, h) : inside;
        csf = Math.Max(csf, Shapes.Sheet(sulcus, half, h));
        csf = Math.Max(csf, Shapes.Sheet(sylvian, opened * 1.5, h));
        csf = callosum ? csf : Math.Max(csf, Shapes.Sheet(fissure, 0.35 + (opened * 0.45), h));

        var pia = Math.Min(-hull, Math.Min(sulcus - half, sylvian - (opened * 1.5)));
        pia = callosum || arch < 0 ? pia : Math.Min(pia, fissure - 0.6);
        var grey = Math.Max(Shapes.Coverage(pia - head.Cortex, h), csf);
        if (callosum)
        {
            (csf, grey) = (0, 0);
        }

        Take(parts, ref left, Tissue.Csf, csf);
        Take(parts, ref left, Tissue.Cortex, csf >= 1 ? 0 : (grey - csf) / (1 - csf));
        Take(parts, ref left, Tissue.White, 1);
    }

    /// <summary>Distance to the nearest sulcal sheet, and its half width here.</summary>
    private (double Distance, double HalfWidth) Sulcus(Point m, Point p, double depth)
    {
        if (depth > 34)
        {
            return (double.MaxValue, 0);
        }

        // Each lobe folds around its own axis; the border between the two lies in the Sylvian fissure.
        var bend = Bend.At(p);
        var temporal = p.Z < SylvianHeight(p.Y) - 1 && p.X > 14
            && p.Y < 6 + (16 * Shapes.Step(26, 40, p.X)) + (3 * bend) && p.Y > -60 + (5 * bend);
        var axis = temporal
            ? new Point(40, Math.Clamp(p.Y, -40, 4), -16)
            : new Point(24, Math.Clamp(p.Y, -62, 30), p.Y > 0 ? 14 : 14 - (0.1 * p.Y));
        var side = m.X < 0 ? -1 : 1;
        var ray = p - axis;
        var length = Math.Max(ray.Length, 4);
        var direction = ray * (1 / length);
        var radius = temporal ? FoldRadius * 0.74 : FoldRadius;
        var q = axis + (direction * radius) + (new Point(0, 1, 0.6) * (bend * 2.2));
        q = q with { X = (q.X * side) + (temporal ? 200 * side : 0) };
        var (shared, sharedGradient) = SharedFolding.WithGradient(q);
        var (own, ownGradient) = head.OwnFolding.WithGradient(q);
        var value = (0.86 * shared) + (0.5 * own);
        var gradient = (sharedGradient * 0.86) + (ownGradient * 0.5);
        var outward = direction with { X = direction.X * side };
        var along = gradient.Dot(outward);
        var tangential = Math.Sqrt(Math.Max(gradient.Dot(gradient) - (along * along), 0) + 1e-3);
        var distance = Math.Abs(value) / tangential * (length / radius);

        var floor = temporal ? 12 + (3 * SulcalDepth.At(q)) : 15.5 + (5.5 * SulcalDepth.At(q));
        floor = Math.Clamp(floor, 5, 25);
        if (depth > floor)
        {
            distance = Math.Sqrt((distance * distance) + Square(depth - floor));
        }

        var half = head.SulcalHalfWidth * (1.15 - (0.75 * Math.Clamp(depth / floor, 0, 1)));
        return (distance, half);
    }

    private static void DeepNuclei(Point p, double h, Span<double> parts, ref double left)
    {
        if (p.X > 42 || p.Y is < -48 or > 36 || p.Z is < -34 or > 34)
        {
            return;
        }

        // Putamen and pallidum converge towards the front.
        var t = p with { X = p.X + (0.22 * (p.Y - 2)) };
        Take(parts, ref left, Tissue.Pallidum, Shapes.Coverage(Shapes.Ellipsoid(t, new(20, -3, 1), 4.2, 9, 6), h));
        Take(parts, ref left, Tissue.Striatum, Shapes.Coverage(Shapes.Ellipsoid(t, new(27.5, 2, 2), 4.8, 16, 9.5), h));
        var caudate = Shapes.Union(
            Shapes.Ellipsoid(p, new(14, 15, 6), 4.8, 10, 8),
            Shapes.Tube(p, new(16, 8, 14), new(20, -22, 23), 3.2, 1.6), 4);
        Take(parts, ref left, Tissue.Striatum, Shapes.Coverage(caudate, h));
        var thalamus = Shapes.Union(
            Shapes.Ellipsoid(p, new(10.5, -17, 7), 8.6, 13, 8.4),
            Shapes.Ellipsoid(p, new(15, -26, 5), 7, 7, 7), 4);
        Take(parts, ref left, Tissue.Thalamus, Shapes.Coverage(thalamus, h));
        Take(parts, ref left, Tissue.Thalamus, Shapes.Coverage(Shapes.Ellipsoid(p, new(4, -2, -9), 5, 8, 6), h));
        var hippocampus = Shapes.Union(Shapes.Tube(p, new(24, -8, -20), new(29, -34, -7), 5, 4), Shapes.Ellipsoid(p, new(23, -3, -20), 7, 7, 7), 3);
        Take(parts, ref left, Tissue.Cortex, Shapes.Coverage(hippocampus, h));
    }

    private void CerebellarTissue(Point m, Point p, double h, double hull, Span<double> parts, ref double left)
    {
        var depth = -hull;
        var csf = 1 - Shapes.Coverage(hull, h);

        // Folia: thin leaves stacked around the horizontal fissure, fanning out from the deep white matter.
        var ray = p - new Point(13, -54, -32);
        var angle = Math.Atan2(ray.Z, -ray.Y + (0.35 * ray.X)) + (0.16 * Folia.At(m));
        var leaf = Math.Abs(Math.IEEERemainder(angle * 9.5 / Math.PI, 1)) * Math.PI / 9.5 * Math.Max(ray.Length, 4);
        var gap = Shapes.Sheet(depth > 9 ? leaf + (depth - 9) : leaf, 0.4 * head.SulcalHalfWidth, h);
        csf = Math.Max(csf, gap);
        Take(parts, ref left, Tissue.Csf, csf);
        var white = Math.Min(depth - 4.5, depth > 17 ? double.MaxValue : leaf - 2.3 + Math.Max(0, depth - 11));
        Take(parts, ref left, Tissue.CerebellarCortex, Shapes.Coverage(white, h));
        Take(parts, ref left, Tissue.White, 1);
    }

    private static double Square(double x) => x * x;
}
