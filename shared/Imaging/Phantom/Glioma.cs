using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>
/// A glioma: a lobed core that respects falx, ventricles and tentorium, with oedema that spreads in white matter, spares
/// cortex and crosses the midline in the callosum only, and that pushes its surroundings away. High grade: mostly an
/// uneven enhancing rim around necrosis and wide oedema. Low grade: mostly a plain core with little oedema. The grades
/// overlap: some high grades do not enhance, some low grades do weakly or have a cyst.
/// </summary>
internal sealed class Glioma : ILesion
{
    private const int Tries = 40;

    // Right side; where gliomas are common.
    private static readonly Point[] Places =
    [
        new(25, 30, 18), new(29, 16, 28), new(22, 4, 38), new(29, -40, 30), new(24, -26, 38), new(40, -16, -12), new(38, -36, -4), new(27, -62, 14), new(36, 2, 8), new(18, -18, 12),
    ];

    private readonly List<(Point Centre, Point Radii)> _lobes = [];
    private readonly PlaneWaves _coarse;
    private readonly PlaneWaves _uneven;
    private readonly PlaneWaves _fine;
    private readonly BrainModel _model;
    private readonly Point _centre;
    private readonly int _side;
    private readonly double _radius;
    private readonly double _rim;
    private readonly double _solid;
    private readonly double _enhancement;
    private readonly double _cyst;
    private readonly double _oedema;
    private readonly double _push;
    private readonly double _pushRange;
    private readonly double _bound;

    public Glioma(ulong seed, string subject, bool highGrade, BrainModel model)
    {
        var random = new CounterRandom(seed, "phantom", subject, "glioma");
        _model = model;
        _side = random.NextInt32(2) == 0 ? -1 : 1;
        _radius = Math.Clamp(17.5 + (4 * random.NextNormal()), 9, 25);

        // What tells the grades apart, with exceptions on both sides.
        var exception = random.NextDouble() < 0.1;
        var enhances = highGrade != exception;
        _enhancement = enhances ? (highGrade ? random.NextDouble(0.6, 1) : random.NextDouble(0.42, 0.7)) : 0;
        var necrotic = random.NextDouble() < (highGrade ? 0.88 : 0.12);
        _rim = !enhances ? 0 : necrotic ? random.NextDouble(2.8, 5) : _radius;
        _solid = enhances && necrotic ? random.NextDouble(0.05, 0.4) : 0;
        _cyst = !enhances && necrotic ? random.NextDouble(0.35, 0.6) : 0;
        _oedema = Math.Clamp(highGrade ? 12 + (4 * random.NextNormal()) : 4 + (2.5 * random.NextNormal()), 1, 20);
        _push = highGrade ? random.NextDouble(0.16, 0.30) : random.NextDouble(0.06, 0.16);

        _centre = Place(random);
        var main = new Point(_radius * random.NextDouble(0.8, 1.1), _radius * random.NextDouble(0.85, 1.2), _radius * random.NextDouble(0.8, 1.1));
        _lobes.Add((_centre, main));
        for (var n = 1 + random.NextInt32(3); n > 0; n--)
        {
            var direction = new Point(random.NextNormal(), random.NextNormal(), random.NextNormal());
            var size = _radius * random.NextDouble(0.35, 0.62);
            var at = _centre + (direction * (_radius * random.NextDouble(0.6, 0.95) / Math.Max(direction.Length, 0.1)));
            _lobes.Add((at, new Point(size, size * random.NextDouble(0.8, 1.25), size)));
        }

        _coarse = new PlaneWaves(new CounterRandom(seed, "phantom", subject, "glioma", "coarse"), 8, 20, 46);
        _uneven = new PlaneWaves(new CounterRandom(seed, "phantom", subject, "glioma", "uneven"), 8, 14, 30);
        _fine = new PlaneWaves(new CounterRandom(seed, "phantom", subject, "glioma", "fine"), 8, 6, 12);
        _pushRange = (1.25 * _radius) + (0.8 * _oedema);
        _bound = (1.9 * _radius) + (1.9 * _oedema) + 8;
    }

    /// <summary>Where the tissue at a place came from before the tumour grew: nearer to the tumour's centre.</summary>
    public Point BeforeGrowth(Point m, double envelope)
    {
        var away = m - _centre;
        var square = away.Dot(away) / (_pushRange * _pushRange);
        if (square > 9)
        {
            return m;
        }

        // The skull does not give way, the falx hardly.
        var amount = _push * Math.Exp(-square) * Shapes.Step(0, 16, -envelope) * (0.4 + (0.6 * Shapes.Step(-8, 6, m.X * _side)));
        return m - (away * amount);
    }

    public Finding Apply(in LesionSite site, Span<double> parts)
    {
        var m = site.Place;
        var away = m - _centre;
        if (away.Dot(away) > _bound * _bound || BrainModel.InPosteriorFossa(site.Anatomy))
        {
            return Finding.None;
        }

        var uneven = _uneven.At(m);
        var fine = _fine.At(m);
        var core = Core(m, uneven, fine);
        var reach = _oedema * Math.Clamp(1 + (0.55 * _coarse.At(m)) + (0.12 * fine), 0.15, 1.9);
        if (core > reach + 4)
        {
            return Finding.None;
        }

        var ventricles = _model.Ventricles(site.Anatomy);
        core = Shapes.Intersection(core, 0.8 - ventricles, 2);
        var total = Replacement.Total(parts);
        var found = ApplyOedema(site, core - reach, total, parts);
        return core < site.Side + 1 && ApplyCore(site, core, uneven, fine, total, parts) is not Finding.None and var inner ? inner : found;
    }

    private double Core(Point m, double uneven, double fine)
    {
        var d = double.MaxValue;
        foreach (var (centre, radii) in _lobes)
        {
            var lobe = Shapes.Ellipsoid(m, centre, radii.X, radii.Y, radii.Z);
            d = d == double.MaxValue ? lobe : Shapes.Union(d, lobe, 5);
        }

        d += (0.13 * _radius * uneven) + (0.6 * fine);
        return Shapes.Intersection(d, 1.5 - (m.X * _side), 3);
    }

    private Finding ApplyCore(in LesionSite site, double core, double uneven, double fine, double total, Span<double> parts)
    {
        // A core that does not take up contrast agent is less uniform: tissue is left in it.
        var cover = Shapes.Coverage(core, site.Side + 0.6) * (_rim > 0 ? 1 : Math.Clamp(0.86 + (0.13 * uneven) + (0.07 * fine), 0.55, 1));
        if (cover <= 0)
        {
            return Finding.None;
        }

        // Sulci in the tumour are closed; the fluid on the brain's surface stays.
        var taken = Replacement.Take(parts, Tissue.Csf, cover * Shapes.Step(1, 5, -site.Envelope));
        foreach (var from in (ReadOnlySpan<Tissue>)[Tissue.White, Tissue.Cortex, Tissue.Striatum, Tissue.Thalamus, Tissue.Pallidum, Tissue.Oedema])
        {
            taken += Replacement.Take(parts, from, cover);
        }

        // The rim is thick here and thin there, with solid nodules.
        var rim = (_rim * Math.Max(0.5, 1 + (0.22 * fine) + (0.2 * uneven))) + Math.Max(0, _solid * _radius * ((0.75 * uneven) + (0.25 * fine)));
        var boundary = _rim > 0 ? rim + core : _cyst > 0 ? (_cyst * _radius) + fine + core : 1e3;
        var dead = taken * Math.Min(1, Shapes.Coverage(boundary, site.Side + 0.8));
        var living = taken - dead;
        var enhancing = _rim > 0 ? Math.Clamp(_enhancement * (1 + (0.25 * fine)), 0, 1) : 0;
        var debris = 0.12 * Math.Clamp(1 + fine, 0, 2);
        parts[(int)Tissue.Necrosis] += dead * (1 - debris);
        parts[(int)Tissue.Tumour] += (dead * debris) + (living * (1 - enhancing));
        parts[(int)Tissue.Enhancing] += living * enhancing;
        return core > 0 || taken < 0.5 * total ? Finding.None : enhancing > 0.3 && boundary > 0 ? Finding.Enhancing : Finding.Core;
    }

    private Finding ApplyOedema(in LesionSite site, double distance, double total, Span<double> parts)
    {
        // Across the midline only along the fibres that cross there, and less far.
        var across = 0.5 - (site.Place.X * _side);
        if (across > 0)
        {
            var beside = BrainModel.FromCallosum(site.Anatomy);
            distance += (1.2 * across) + (2.5 * beside);
            if (beside > 3)
            {
                return Finding.None;
            }
        }

        var cover = Shapes.Coverage(distance, site.Side + 3) * (0.7 + (0.3 * Math.Clamp(-distance / 4, 0, 1)));
        if (cover <= 0)
        {
            return Finding.None;
        }

        var taken = Replacement.Take(parts, Tissue.White, cover) + Replacement.Take(parts, Tissue.Cortex, 0.1 * cover);
        foreach (var nucleus in (ReadOnlySpan<Tissue>)[Tissue.Striatum, Tissue.Thalamus, Tissue.Pallidum])
        {
            taken += Replacement.Take(parts, nucleus, 0.3 * cover);
        }

        parts[(int)Tissue.Oedema] += taken;
        return taken > 0.4 * total ? Finding.Oedema : Finding.None;
    }

    /// <summary>A place in the hemisphere where most of the core is brain.</summary>
    private Point Place(CounterRandom random)
    {
        var (best, most) = (new Point(28 * _side, -20, 30), double.MinValue);
        for (var n = 0; n < Tries; n++)
        {
            var at = Places[random.NextInt32(Places.Length)];
            var p = new Point((at.X + (6 * random.NextNormal())) * _side, at.Y + (8 * random.NextNormal()), at.Z + (6 * random.NextNormal()));
            var depth = Math.Min(-BrainOutline.Envelope(p) - (0.95 * _radius), Math.Min(_model.Ventricles(p) - (0.3 * _radius), (p.X * _side) - (0.4 * _radius)));
            if (_model.Main(p) is not (Tissue.White or Tissue.Cortex or Tissue.Thalamus or Tissue.Striatum) || BrainModel.InPosteriorFossa(p))
            {
                continue;
            }

            if (depth > most)
            {
                (best, most) = (p, depth);
            }

            if (depth > 0)
            {
                break;
            }
        }

        return best;
    }
}
