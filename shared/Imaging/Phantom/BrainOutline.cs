namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>
/// Outlines of the parts of the mean brain as signed distances in model coordinates, mm, negative inside. Both sides are
/// alike: but for <see cref="Envelope"/> positions are on the right side, X not negative.
/// </summary>
internal static class BrainOutline
{
    // Only the cerebrum reaches higher; boxes like this spare the formulas of what is far away.
    public const double AboveTentorium = 20;

    private static readonly (Point P, double R)[] Horn =
    [
        (new(7, 32, 1), 3.0), (new(8, 23, 8), 5.6), (new(8, 8, 15), 5.8), (new(10, -9, 18), 5.8), (new(15, -26, 17), 6.4), (new(24, -40, 12), 7.6),
    ];

    // The body is wider than high.
    private const double Flat = 1.25;
    private static readonly (Point P, double R)[] FlatHorn = [.. Horn.Select(n => (n.P with { Z = n.P.Z * Flat }, n.R * 1.08))];

    private static readonly (Point P, double R)[] OccipitalHorn = [(new(24, -40, 12), 7.0), (new(26, -56, 8), 4.2), (new(24, -70, 7), 2.0)];

    private static readonly (Point P, double R)[] TemporalHorn = [(new(24, -40, 12), 5.4), (new(34, -36, 0), 3.0), (new(35, -22, -12), 2.2), (new(31, -8, -20), 2.0)];

    /// <summary>Signed distance to the brain's envelope, clefts closed: where skull stripping cuts.</summary>
    public static double Envelope(Point m)
    {
        var p = m with { X = Math.Abs(m.X) };
        var cerebrum = Cerebrum(p, 10);
        return (p.Z > AboveTentorium ? cerebrum : Shapes.Union(Shapes.Union(cerebrum, Cerebellum(p), 9), Stem(p), 9)) - 0.8;
    }

    public static double Cerebrum(Point p, double seam)
    {
        // Narrower at the forehead, widest behind the ears, and fuller than an ellipsoid.
        var dome = Shapes.Cushion(p with { X = p.X * (1 + (0.0018 * (p.Y + 32))) }, new(0, -17, 11), 68.5, 85, 64);

        // Flattened sides, and a base that steps from the orbits over the midbrain to the tentorium.
        var baseHeight = -27 + (15 * Shapes.Step(22, -8, p.Y)) - (6 * Shapes.Step(-40, -75, p.Y)) + (9 * Math.Exp(-Square(p.X / 24)) * Shapes.Step(-38, -55, p.Y));
        dome = Shapes.Intersection(dome, baseHeight - p.Z, 14);
        var temporal = Shapes.Ellipsoid(p with { Z = p.Z - (0.12 * (p.Y + 18)) + (0.0035 * Square(p.Y + 18)) }, new(41.5, -20, -19), 26, 45, 24);
        return Shapes.Union(dome, temporal, seam);
    }

    public static double Cerebellum(Point p) => Shapes.Union(
        Shapes.Ellipsoid(p with { Z = p.Z + (0.2 * (p.X - 20)) }, new(24, -65, -37), 31, 29, 22),
        Shapes.Ellipsoid(p, new(0, -66, -32), 13, 25, 23), 8);

    public static double Stem(Point p)
    {
        var midbrain = Shapes.Ellipsoid(p, new(0, -24, -10), 16, 12, 14);
        var pons = Shapes.Ellipsoid(p, new(0, -25, -32), 17.5, 13, 15);
        var medulla = Shapes.Tube(p, new(0, -33, -42), new(0, -42, -76), 9.5, 6.5);
        var peduncle = Shapes.Tube(p, new(10, -32, -32), new(17, -50, -35), 7, 6);
        return Shapes.Union(Shapes.Union(Shapes.Union(midbrain, pons, 7), medulla, 8), peduncle, 5);
    }

    /// <summary>Positive below the midbrain's top: above it the thalami take over.</summary>
    public static double LowerOf(Point p) => -3 - p.Z;

    public static double LateralVentricle(Point p, double scale)
    {
        var inside = p with { X = p.X + (scale < 1 ? 0 : (scale - 1) * 1.5) };
        var body = Chain(inside with { Z = inside.Z * Flat }, FlatHorn, scale) / Flat;
        body = Shapes.Union(body, Chain(inside, OccipitalHorn, scale), 3);
        body = Shapes.Union(body, Chain(inside, TemporalHorn, scale * 0.8), 3);

        // The septum separates both sides; the caudate and the thalamus press into the lateral wall.
        body = Math.Max(body, 0.9 - p.X);
        body = Shapes.Intersection(body, -Shapes.Ellipsoid(p, new(15, 15, 5.5), 5.2, 10.5, 8.5), 3);
        return Shapes.Intersection(body, -Shapes.Ellipsoid(p, new(11, -17, 6.5), 9.5, 14, 9.5), 3);
    }

    private static double Chain(Point p, (Point P, double R)[] nodes, double scale)
    {
        var d = double.MaxValue;
        for (var n = 0; n + 1 < nodes.Length; n++)
        {
            d = Math.Min(d, Shapes.Tube(p, nodes[n].P, nodes[n + 1].P, nodes[n].R * scale, nodes[n + 1].R * scale));
        }

        return d;
    }

    public static double ThirdVentricle(Point p, double scale) =>
        Shapes.Intersection(
        Math.Max(p.X - (0.4 + (1.4 * scale)), Shapes.Ellipsoid(p, new(0, -12, 1), 10, 16, 8.5)),
        -Shapes.Ellipsoid(p, new(0, -12, 4), 6, 4, 3.5), 1.5);

    public static double FourthVentricle(Point p, double scale) =>
        Shapes.Ellipsoid(p with { X = p.X * 0.8 }, new(0, -42.5, -33), 5.5 + scale, 3.6 + (1.2 * scale), 9);

    /// <summary>Signed distance in the midsagittal plane to the outer edge of the callosal arch.</summary>
    public static double Arch(Point p) => Shapes.Ellipsoid(new Point(0, p.Y, p.Z), new(0, -5, 3), 1, 35, 26);

    /// <summary>Signed distance to the outer edge of the callosum, which rises into the hemispheres.</summary>
    public static double Fibres(Point p) => Arch(p with { Z = p.Z - (0.012 * p.X * p.X) });

    public static double SylvianHeight(double y) => -3 - (0.42 * y);

    /// <summary>Distance to the Sylvian fissure with the insular cleft at its bottom.</summary>
    public static double Sylvian(Point p)
    {
        var height = SylvianHeight(p.Y);
        var front = Math.Max(p.Y - 27, 0);
        var back = Math.Max(-46 - p.Y, 0);
        var cleft = Math.Abs(p.Z - height - (2.5 * Math.Sin(p.X * 0.16)));
        var opercular = Math.Sqrt(Square(cleft) + Square(Math.Max(38 - p.X, 0)) + (front * front) + (back * back));
        var middle = p.Z - height;
        var reach = 13 - (0.012 * Square(p.Y - 2));
        var curve = 37.5 - (0.012 * Square(p.Y - 2)) - (0.012 * middle * middle);
        var ends = Math.Max(Math.Abs(middle) - Math.Max(reach, 0), 0);
        var insular = Math.Sqrt(Square(p.X - curve) + (ends * ends) + Square(Math.Max(p.Y - 24, 0)) + Square(Math.Max(-24 - p.Y, 0)));
        return Math.Min(opercular, insular);
    }

    private static double Square(double x) => x * x;
}
