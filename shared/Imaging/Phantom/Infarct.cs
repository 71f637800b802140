using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>
/// An ischaemic infarct of one vascular territory, hours to days old: wedges of cortical branches with the base on the
/// surface, the deep branches, lacunes, and emboli beside them. Diffusion falls at once; water that T2 and FLAIR see
/// collects over the first day.
/// </summary>
internal sealed class Infarct : ILesion
{
    // Ends of branches on the right side and the places where their white matter converges.
    private static readonly (Point End, Point From)[] Middle =
    [
        (new(46, 34, 26), new(24, 18, 14)), (new(54, 4, 36), new(24, 2, 18)), (new(52, -22, 44), new(24, -14, 20)), (new(54, -36, 30), new(26, -24, 18)),
        (new(46, -58, 34), new(27, -34, 18)), (new(58, -44, 4), new(32, -32, 4)), (new(52, 2, -20), new(34, -6, -14)),
    ];

    private static readonly (Point End, Point From)[] Anterior = [(new(8, 44, 44), new(12, 26, 20)), (new(8, 14, 62), new(12, 8, 26)), (new(8, -12, 66), new(13, -10, 28))];
    private static readonly (Point End, Point From)[] Posterior = [(new(10, -88, 8), new(22, -50, 10)), (new(14, -84, 24), new(22, -50, 12)), (new(34, -52, -20), new(28, -34, -10))];
    private static readonly Point[] Lacunes = [new(11, -17, 8), new(27, 3, 4), new(24, -12, 25), new(21, -12, 8), new(16, 12, 10), new(25, 8, 24), new(5, -26, -31)];

    private readonly List<Piece> _pieces = [];
    private readonly PlaneWaves _coarse;
    private readonly PlaneWaves _fine;
    private readonly int _side;
    private readonly double _water;
    private readonly bool _fossa;
    private readonly double _rough;

    public Infarct(ulong seed, string subject)
    {
        var random = new CounterRandom(seed, "phantom", subject, "infarct");
        _side = random.NextInt32(2) == 0 ? -1 : 1;
        Hours = 2 * Math.Exp(random.NextDouble() * Math.Log(80));
        _water = 0.08 + (0.87 * Shapes.Step(Math.Log(3), Math.Log(40), Math.Log(Hours)));
        var kind = random.NextDouble();
        if (kind < 0.16)
        {
            var at = Lacunes[random.NextInt32(Lacunes.Length)];
            _fossa = at.Z < -20;
            var r = random.NextDouble(3, 6.5);
            _pieces.Add(Piece.Round(Jittered(at, random, 1.5), new Point(r * random.NextDouble(0.8, 1.1), r, r * random.NextDouble(0.8, 1.4))));
            _rough = 0.35;
        }
        else
        {
            var territory = kind < 0.8 ? Middle : kind < 0.88 ? Anterior : Posterior;
            var branches = territory != Middle ? 1 + random.NextInt32(2) : random.NextDouble() switch { < 0.62 => 1, < 0.82 => 2, < 0.94 => 3, _ => 6 };
            var first = random.NextInt32(territory.Length);
            for (var n = 0; n < Math.Min(branches, territory.Length); n++)
            {
                // Neighbours of the list are neighbours on the surface.
                var (end, from) = territory[(first + n) % territory.Length];
                AddWedge(Jittered(end, random, 4), Jittered(from, random, 2), branches > 1 ? random.NextDouble(0.32, 0.5) : random.NextDouble(0.17, 0.42), random);
            }

            if (territory == Middle && (branches >= 3 || random.NextDouble() < 0.12))
            {
                _pieces.Add(Piece.Round(Jittered(new(26, 2, 6), random, 2), new Point(9, 17, 11)));
            }

            if (random.NextDouble() < 0.4)
            {
                for (var n = 1 + random.NextInt32(5); n > 0; n--)
                {
                    var r = random.NextDouble(2, 5);
                    _pieces.Add(Piece.Round(Jittered(territory[random.NextInt32(territory.Length)].End, random, 7), new Point(r, r * random.NextDouble(0.8, 1.6), r)));
                }
            }

            _rough = 1;
        }

        _coarse = new PlaneWaves(new CounterRandom(seed, "phantom", subject, "infarct", "coarse"), 8, 16, 36);
        _fine = new PlaneWaves(new CounterRandom(seed, "phantom", subject, "infarct", "fine"), 8, 6, 12);
    }

    /// <summary>Age of the infarct, 2..160 hours.</summary>
    public double Hours { get; }

    public Finding Apply(in LesionSite site, Span<double> parts)
    {
        var m = site.Place;
        if (m.X * _side < 1)
        {
            return Finding.None;
        }

        var d = double.MaxValue;
        foreach (var piece in _pieces)
        {
            var one = piece.Distance(m);
            d = d == double.MaxValue ? one : Shapes.Union(d, one, 4);
        }

        if (d > 12 || BrainModel.InPosteriorFossa(site.Anatomy) != _fossa)
        {
            return Finding.None;
        }

        var fine = _fine.At(m);
        d += _rough * ((2.6 * _coarse.At(m)) + (1.0 * fine));
        var cover = Shapes.Coverage(d, site.Side + 1.2) * Math.Clamp(0.95 + (0.2 * fine), 0.5, 1);
        if (cover <= 0)
        {
            return Finding.None;
        }

        var total = Replacement.Total(parts);
        var white = Replacement.Take(parts, Tissue.White, cover) + Replacement.Take(parts, Tissue.Brainstem, cover);
        var grey = 0.0;
        foreach (var from in (ReadOnlySpan<Tissue>)[Tissue.Cortex, Tissue.Striatum, Tissue.Thalamus, Tissue.Pallidum])
        {
            grey += Replacement.Take(parts, from, cover);
        }

        parts[(int)Tissue.IschaemicWhite] += white * (1 - _water);
        parts[(int)Tissue.IschaemicGrey] += grey * (1 - _water);
        parts[(int)Tissue.Infarct] += (white + grey) * _water;
        return white + grey > 0.4 * total ? Finding.Infarct : Finding.None;
    }

    private void AddWedge(Point end, Point from, double half, CounterRandom random)
    {
        var along = end - from;
        _pieces.Add(new Piece(from, along * (1 / along.Length), half, along.Length * random.NextDouble(0.1, 0.55), default));
    }

    private Point Jittered(Point p, CounterRandom random, double amount) => new(
        Math.Max(p.X + (amount * 0.5 * random.NextNormal()), 2) * _side,
        p.Y + (amount * random.NextNormal()),
        p.Z + (amount * random.NextNormal()));

    /// <summary>An ellipsoid, or a cone with rounded edges that begins at a distance from its apex and has no end.</summary>
    private readonly record struct Piece(Point From, Point Direction, double HalfAngle, double Start, Point Radii)
    {
        public static Piece Round(Point centre, Point radii) => new(centre, default, 0, 0, radii);

        public double Distance(Point m)
        {
            if (HalfAngle == 0)
            {
                return Shapes.Ellipsoid(m, From, Radii.X, Radii.Y, Radii.Z);
            }

            var v = m - From;
            var length = Math.Max(v.Length, 0.1);
            var angle = Math.Acos(Math.Clamp(v.Dot(Direction) / length, -1, 1));
            return Shapes.Intersection((angle - HalfAngle) * Math.Min(length, 50), Start - length, 4);
        }
    }
}
