using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>
/// Lesions of one head: none, white-matter spots, a ring-enhancing tumour with necrosis and oedema, or an acute infarct.
/// Labels follow BraTS: 1 necrosis, 2 oedema or white-matter lesion, 4 enhancing; 3 acute infarct.
/// </summary>
internal sealed class Lesions
{
    private readonly List<(Point Centre, Point Radii, Tissue Tissue, int Label)> _blobs = [];
    private readonly PlaneWaves _rough;
    private readonly bool _tumour;

    public Lesions(ulong seed, string subject, bool any)
    {
        var random = new CounterRandom(seed, "phantom", subject, "lesions");
        _rough = new PlaneWaves(new CounterRandom(seed, "phantom", subject, "lesions", "shape"), 10, 14, 34);
        if (!any)
        {
            return;
        }

        var kind = random.NextDouble();
        if (kind < 0.3)
        {
            return;
        }

        if (kind < 0.65)
        {
            AddSpots(random, 4 + random.NextInt32(9));
        }
        else if (kind < 0.87)
        {
            _tumour = true;
            var side = random.NextInt32(2) == 0 ? -1 : 1;
            var centre = new Point(side * random.NextDouble(26, 44), random.NextDouble(-58, 34), random.NextDouble(18, 42));
            var size = random.NextDouble(9, 17);
            _blobs.Add((centre, new Point(size * 0.55, size * 0.6, size * 0.55), Tissue.Necrosis, 1));
            _blobs.Add((centre, new Point(size, size * 1.1, size), Tissue.Enhancing, 4));
            _blobs.Add((centre, new Point(size * 1.9, size * 2.1, size * 1.7), Tissue.Oedema, 2));
        }
        else
        {
            var side = random.NextInt32(2) == 0 ? -1 : 1;
            var centre = new Point(side * random.NextDouble(42, 56), random.NextDouble(-40, 20), random.NextDouble(8, 38));
            _blobs.Add((centre, new Point(random.NextDouble(12, 18), random.NextDouble(14, 24), random.NextDouble(10, 17)), Tissue.AcuteIschaemia, 3));
            AddSpots(random, random.NextInt32(4));
        }
    }

    /// <summary>Replaces grey and white matter by lesion tissue where a lesion lies.</summary>
    /// <returns>Label of the lesion that has most of the voxel, 0 for none.</returns>
    public int Apply(Point m, double h, Span<double> parts)
    {
        var (label, most) = (0, 0.25);
        var shift = double.NaN;
        foreach (var (centre, radii, tissue, code) in _blobs)
        {
            var d = Shapes.Ellipsoid(m, centre, radii.X, radii.Y, radii.Z);
            if (d > 8)
            {
                continue;
            }

            shift = double.IsNaN(shift) ? _rough.At(m) : shift;
            var uneven = Math.Min(radii.X, Math.Min(radii.Y, radii.Z)) * 0.24;

            // Oedema and infarcts have soft borders and spare the cortex less the deeper they reach.
            var soft = tissue is Tissue.Oedema or Tissue.AcuteIschaemia ? h + 2.5 : h;
            var cover = Shapes.Coverage(d + (shift * uneven), soft);
            if (cover <= 0)
            {
                continue;
            }

            var taken = 0.0;
            foreach (var from in (ReadOnlySpan<Tissue>)[Tissue.White, Tissue.Cortex, Tissue.Striatum, Tissue.Thalamus, Tissue.Pallidum, Tissue.Csf])
            {
                var share = from switch
                {
                    Tissue.Cortex when tissue == Tissue.Oedema => 0.35,
                    Tissue.Csf => _tumour && tissue != Tissue.Oedema ? 1 : 0,
                    _ => 1,
                };
                var part = parts[(int)from] * cover * share;
                parts[(int)from] -= part;
                taken += part;
            }

            parts[(int)tissue] += taken;
            if (taken > most)
            {
                (label, most) = (code, taken);
            }
        }

        return label;
    }

    private void AddSpots(CounterRandom random, int count)
    {
        for (var n = 0; n < count; n++)
        {
            // Around the lateral ventricles and in the deep white matter.
            var side = random.NextInt32(2) == 0 ? -1 : 1;
            var y = random.NextDouble(-58, 38);
            var centre = new Point(side * random.NextDouble(20, 34), y, random.NextDouble(16, 34));
            var r = random.NextDouble(1.8, 4.6);
            _blobs.Add((centre, new Point(r * random.NextDouble(0.8, 1.2), r * random.NextDouble(0.8, 1.6), r), Tissue.Oedema, 2));
        }
    }
}
