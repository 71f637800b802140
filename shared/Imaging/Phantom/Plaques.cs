using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>
/// Small lesions of white matter: fingers that stand on the wall of the ventricles, rounder ones in the depth, below the
/// cortex and in the brainstem. Few and blunt for vessel disease, many for multiple sclerosis, where some are holes on
/// T1 and some take up contrast agent.
/// </summary>
internal sealed class Plaques : ILesion
{
    private const int Tries = 400;
    private const double Margin = 3;

    private readonly List<(Point A, Point B, double Radius, double Bound, double Loss, double Uptake)> _plaques = [];
    private readonly PlaneWaves _rough;
    private readonly BrainModel _model;

    /// <param name="count">How many are tried; a few find no place.</param>
    /// <param name="sclerosis">Multiple sclerosis instead of vessel disease.</param>
    public Plaques(ulong seed, string subject, int count, bool sclerosis, BrainModel model)
    {
        _model = model;
        _rough = new PlaneWaves(new CounterRandom(seed, "phantom", subject, "plaques", "shape"), 8, 5, 12);
        var random = new CounterRandom(seed, "phantom", subject, "plaques");
        var active = sclerosis && random.NextDouble() < 0.35;
        for (var n = 0; n < count; n++)
        {
            var kind = random.NextDouble();
            var radius = Math.Clamp(2.2 * Math.Exp(0.35 * random.NextNormal()), 1.4, 5);
            var (stretch, loss, uptake) = (random.NextDouble(0.4, 2.2), random.NextDouble(0.55, 1), random.NextDouble());
            if (Place(random, kind, sclerosis) is not { } at)
            {
                continue;
            }

            var half = Away(at) * (radius * stretch * (sclerosis ? 1 : 0.5));
            _plaques.Add((at - half, at + half, radius, Square(half.Length + (1.4 * radius) + Margin), loss, active && uptake < 0.12 ? 0.7 : 0));
        }
    }

    public Finding Apply(in LesionSite site, Span<double> parts)
    {
        var (found, rough) = (Finding.None, double.NaN);
        foreach (var (a, b, radius, bound, loss, uptake) in _plaques)
        {
            var away = site.Anatomy - ((a + b) * 0.5);
            if (away.Dot(away) > bound)
            {
                continue;
            }

            rough = double.IsNaN(rough) ? _rough.At(site.Anatomy) : rough;
            var d = Shapes.Tube(site.Anatomy, a, b, radius, radius * 0.85) + (0.22 * radius * rough);
            var cover = Shapes.Coverage(d, site.Side + 0.8);
            if (cover <= 0)
            {
                continue;
            }

            var taken = Replacement.Take(parts, Tissue.White, cover * loss) + Replacement.Take(parts, Tissue.Brainstem, cover * loss);
            foreach (var grey in (ReadOnlySpan<Tissue>)[Tissue.Cortex, Tissue.Striatum, Tissue.Thalamus, Tissue.Pallidum, Tissue.CerebellarCortex])
            {
                taken += Replacement.Take(parts, grey, 0.5 * cover * loss);
            }

            parts[(int)Tissue.Enhancing] += taken * uptake;
            parts[(int)Tissue.Oedema] += taken * (1 - uptake);
            found = d < 0.3 && taken > 0 ? Finding.Spot : found;
        }

        return found;
    }

    private Point? Place(CounterRandom random, double kind, bool sclerosis)
    {
        for (var n = 0; n < Tries; n++)
        {
            var p = new Point(random.NextDouble(-58, 58), random.NextDouble(-92, 58), random.NextDouble(-46, 62));
            var depth = -BrainOutline.Envelope(p);
            if (depth < 4)
            {
                continue;
            }

            var fossa = BrainModel.InPosteriorFossa(p);
            var ventricles = _model.Ventricles(p);
            var fits = (kind, sclerosis) switch
            {
                ( > 0.92, true) => fossa && depth > 6,
                ( > 0.75, true) => !fossa && depth is > 4.5 and < 14,
                ( > 0.55, _) => !fossa && depth > 12 && ventricles is > 7 and < 26 && p.Z > 0,
                _ => !fossa && ventricles is > 1 and < 6 && p.Z > -6 && Math.Abs(p.X) > 6,
            };
            if (fits && _model.Main(p) is Tissue.White or Tissue.Brainstem)
            {
                return p;
            }
        }

        return null;
    }

    /// <summary>Unit direction away from the ventricles, in which small veins run.</summary>
    private Point Away(Point p)
    {
        const double Step = 1;
        var g = new Point(
            _model.Ventricles(p with { X = p.X + Step }) - _model.Ventricles(p with { X = p.X - Step }),
            _model.Ventricles(p with { Y = p.Y + Step }) - _model.Ventricles(p with { Y = p.Y - Step }),
            _model.Ventricles(p with { Z = p.Z + Step }) - _model.Ventricles(p with { Z = p.Z - Step }));
        return g.Length < 1e-6 ? new Point(1, 0, 0) : g * (1 / g.Length);
    }

    private static double Square(double x) => x * x;
}
