using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>What makes one person's head differ from the mean head.</summary>
internal sealed class HeadVariation
{
    /// <summary>Model coordinates have their origin at the anterior commissure; the field of view is centred on the brain.</summary>
    private static readonly Point Centre = new(0, -17, 9);

    // The displacement is far smoother than this lattice, so trilinear interpolation between its nodes is exact enough.
    private const double Lattice = 10;
    private const double Reach = 130;
    private const int Nodes = (int)(2 * Reach / Lattice) + 2;
    private const double Amount = 2.2;

    private readonly Point[]? _displacement;
    private readonly double[] _rotation;

    public HeadVariation(ulong seed, string subject)
    {
        var random = new CounterRandom(seed, "phantom", subject, "anatomy");
        var traits = PhantomTraits.Of(seed, subject);
        Scale = new Point(1 + (0.028 * Normal(random)), 1 + (0.028 * Normal(random)), 1 + (0.028 * Normal(random)));
        Ventricles = VentriclesAt(traits.VentricularAge * traits.VentricularAge) + (0.12 * Normal(random));
        Ventricles = Math.Clamp(Ventricles, 0.5, 1.6);
        SulcalHalfWidth = SulcalHalfWidthAt(traits.SulcalAge) + (0.08 * Normal(random));
        Cortex = CortexAt(traits.SulcalAge) + (0.1 * Normal(random));
        _rotation = [0.02 * Normal(random), 0.02 * Normal(random), 0.02 * Normal(random)];
        var waves = Enumerable.Range(0, 3).Select(axis => new PlaneWaves(new CounterRandom(seed, "phantom", subject, "displacement", axis), 5, 80, 150)).ToArray();
        _displacement = new Point[Nodes * Nodes * Nodes];
        for (var n = 0; n < _displacement.Length; n++)
        {
            var p = new Point(((n / (Nodes * Nodes)) * Lattice) - Reach, ((n / Nodes % Nodes) * Lattice) - Reach, ((n % Nodes) * Lattice) - Reach);
            _displacement[n] = new Point(waves[0].At(p), waves[1].At(p), waves[2].At(p)) * Amount;
        }

        OwnFolding = new PlaneWaves(new CounterRandom(seed, "phantom", subject, "folding"), 16, 17, 24);
        Texture = new PlaneWaves(new CounterRandom(seed, "phantom", subject, "texture"), 8, 12, 30);
    }

    private HeadVariation()
    {
        Scale = new Point(1, 1, 1);

        // The mean of the square of a uniform number is a third.
        (Ventricles, SulcalHalfWidth, Cortex) = (VentriclesAt(1.0 / 3), SulcalHalfWidthAt(0.5), CortexAt(0.5));
        _rotation = [0, 0, 0];
        (OwnFolding, Texture) = (PlaneWaves.None, PlaneWaves.None);
    }

    /// <summary>The mean head: only what all people have in common.</summary>
    public static HeadVariation Mean { get; } = new();

    public Point Scale { get; }

    /// <summary>Factor on ventricle radii, 0.5..1.6.</summary>
    public double Ventricles { get; }

    /// <summary>Half width of an open sulcus at the surface, mm.</summary>
    public double SulcalHalfWidth { get; }

    /// <summary>Thickness of the cortex, mm.</summary>
    public double Cortex { get; }

    public PlaneWaves OwnFolding { get; }

    public PlaneWaves Texture { get; }

    /// <summary>From the field of view (mm from its centre) to the mean head.</summary>
    public Point ToModel(Point p)
    {
        var d = _displacement is null ? default : Displacement(p, _displacement);
        double x = (p.X + d.X) / Scale.X, y = (p.Y + d.Y) / Scale.Y, z = (p.Z + d.Z) / Scale.Z;
        var (a, b, c) = (_rotation[0], _rotation[1], _rotation[2]);
        return Centre + new Point(x - (c * y) + (b * z), y + (c * x) - (a * z), z - (b * x) + (a * y));
    }

    private static double VentriclesAt(double squaredAge) => 0.62 + (0.75 * squaredAge);

    private static double SulcalHalfWidthAt(double age) => 0.42 + (0.45 * age);

    private static double CortexAt(double age) => 2.95 - (0.35 * age);

    private static Point Displacement(Point p, Point[] nodes)
    {
        double x = (p.X + Reach) / Lattice, y = (p.Y + Reach) / Lattice, z = (p.Z + Reach) / Lattice;
        int i = (int)x, j = (int)y, k = (int)z;
        double fx = x - i, fy = y - j, fz = z - k;
        var at = (((i * Nodes) + j) * Nodes) + k;
        return Mix(
            Mix(Row(at), Row(at + Nodes), fy),
            Mix(Row(at + (Nodes * Nodes)), Row(at + (Nodes * Nodes) + Nodes), fy),
            fx);

        Point Row(int n) => Mix(nodes[n], nodes[n + 1], fz);

        static Point Mix(Point a, Point b, double t) => a + ((b - a) * t);
    }

    /// <summary>Normal draw cut at two standard deviations: rare draws must not give a head that is none.</summary>
    private static double Normal(CounterRandom random) => Math.Clamp(random.NextNormal(), -2, 2);
}
