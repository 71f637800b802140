using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>What makes one person's head differ from the mean head.</summary>
internal sealed class HeadVariation
{
    /// <summary>Model coordinates have their origin at the anterior commissure; the field of view is centred on the brain.</summary>
    private static readonly Point Centre = new(0, -17, 9);

    private readonly PlaneWaves[] _displacement;
    private readonly double _amount;
    private readonly double[] _rotation;

    public HeadVariation(ulong seed, string subject)
    {
        var random = new CounterRandom(seed, "phantom", subject, "anatomy");
        var age = random.NextDouble();
        Scale = new Point(1 + (0.028 * Normal(random)), 1 + (0.028 * Normal(random)), 1 + (0.028 * Normal(random)));
        Ventricles = 0.62 + (0.75 * age * age) + (0.12 * Normal(random));
        Ventricles = Math.Clamp(Ventricles, 0.5, 1.6);
        SulcalHalfWidth = 0.42 + (0.45 * age) + (0.08 * Normal(random));
        Cortex = 2.95 - (0.35 * age) + (0.1 * Normal(random));
        _rotation = [0.02 * Normal(random), 0.02 * Normal(random), 0.02 * Normal(random)];
        _amount = 2.2;
        _displacement = [.. Enumerable.Range(0, 3).Select(axis => new PlaneWaves(new CounterRandom(seed, "phantom", subject, "displacement", axis), 5, 80, 150))];
        OwnFolding = new PlaneWaves(new CounterRandom(seed, "phantom", subject, "folding"), 16, 17, 24);
        Texture = new PlaneWaves(new CounterRandom(seed, "phantom", subject, "texture"), 8, 12, 30);
    }

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
        var d = new Point(_displacement[0].At(p), _displacement[1].At(p), _displacement[2].At(p)) * _amount;
        double x = (p.X + d.X) / Scale.X, y = (p.Y + d.Y) / Scale.Y, z = (p.Z + d.Z) / Scale.Z;
        var (a, b, c) = (_rotation[0], _rotation[1], _rotation[2]);
        return Centre + new Point(x - (c * y) + (b * z), y + (c * x) - (a * z), z - (b * x) + (a * y));
    }

    /// <summary>Roughly from the mean head back to the field of view, without the smooth displacement (a few mm).</summary>
    public Point FromModel(Point p)
    {
        var q = p - Centre;
        return new Point(q.X * Scale.X, q.Y * Scale.Y, q.Z * Scale.Z);
    }

    /// <summary>Normal draw cut at two standard deviations: rare draws must not give a head that is none.</summary>
    private static double Normal(CounterRandom random) => Math.Clamp(random.NextNormal(), -2, 2);
}
