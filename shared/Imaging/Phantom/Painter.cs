using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>What a perfect scanner would see.</summary>
/// <param name="Signals">By modality, relative to fully relaxed water.</param>
/// <param name="Labels">Values of the label map.</param>
/// <param name="Covered">Part of a voxel that holds any tissue.</param>
/// <param name="Brain">Part of a voxel that lies in the brain.</param>
/// <param name="Brightest">By modality, the brighter of grey and white matter.</param>
internal sealed record Painting(VolumeShape Shape, Affine Affine, float[][] Signals, float[] Labels, float[] Covered, float[] Brain, double[] Brightest);

/// <summary>Samples the model. Voxels above 2 mm are means over 2 mm samples, so partial volumes are right.</summary>
internal sealed class Painter
{
    private const double FinestMm = 2;

    // Whoever draws by hand labels a voxel that a lesion fills in large part.
    private const double LabelledPart = 0.35;

    private readonly double _h;
    private readonly int _per;
    private readonly HeadVariation _head;
    private readonly BrainModel _model;
    private readonly VesselTree _vessels;
    private readonly Lesions _lesions;
    private readonly PhantomRequest _request;
    private readonly double[][] _table;
    private readonly double[] _parts = new double[Tissues.Count];
    private readonly double[] _sum = new double[Tissues.Count];
    private readonly int[] _votes = new int[PhantomDiseases.Findings];

    private Painter(PhantomRequest request, string subject, ScannerPreset scanner, IReadOnlyList<string> modalities)
    {
        _request = request;
        _h = Math.Min(request.SpacingMm, FinestMm);
        _per = (int)(request.SpacingMm / _h);
        _head = new HeadVariation(request.Seed, subject);
        _model = new BrainModel(_head);
        _vessels = new VesselTree(request.Seed, subject);
        _lesions = new Lesions(request, subject, _model);
        var iron = PhantomTraits.Of(request.Seed, subject).Iron;
        _table = [.. modalities.Select(modality => Enumerable.Range(0, Tissues.Count).Select(t => PulseSequences.Signal(modality, (Tissue)t, scanner.Timings[modality], scanner.Tesla, iron)).ToArray())];
    }

    public static Painting Paint(PhantomRequest request, string subject, ScannerPreset scanner, IReadOnlyList<string> modalities) =>
        new Painter(request, subject, scanner, modalities).Paint();

    private Painting Paint()
    {
        double size = _request.SpacingMm;
        var (r, a, s) = PhantomGenerator.FieldOfViewMm;
        var shape = new VolumeShape(r / _request.SpacingMm, a / _request.SpacingMm, s / _request.SpacingMm);
        var affine = Affine.Scaling(size, size, size, (size - r) / 2, (size - a) / 2, (size - s) / 2);
        var brightest = _table.Select(t => Math.Max(t[(int)Tissue.White], t[(int)Tissue.Cortex])).ToArray();
        var made = new Painting(
            shape, affine, [.. _table.Select(_ => new float[shape.Count])], new float[shape.Count], new float[shape.Count], new float[shape.Count], brightest);
        for (var i = 0; i < shape.I; i++)
        {
            for (var j = 0; j < shape.J; j++)
            {
                for (var k = 0; k < shape.K; k++)
                {
                    // A distance is at least half of what the model says: nothing lies on the way.
                    var away = Voxel(made, i, j, k);
                    k += _request.WholeHead || away < 4 * size ? 0 : (int)((0.5 * away / size) - 1);
                }
            }
        }

        return made;
    }

    /// <summary>Paints a voxel and answers how far it is from the brain, mm.</summary>
    private double Voxel(Painting made, int i, int j, int k)
    {
        var (r, a, s) = PhantomGenerator.FieldOfViewMm;
        if (_per > 1 && !_request.WholeHead)
        {
            // Far from the brain the middle says so for all samples.
            double size = _request.SpacingMm;
            var middle = BrainOutline.Envelope(_head.ToModel(new Point(((i + 0.5) * size) - (r / 2.0), ((j + 0.5) * size) - (a / 2.0), ((k + 0.5) * size) - (s / 2.0))));
            if (middle > 2 * size)
            {
                return middle;
            }
        }

        Array.Clear(_sum);
        Array.Clear(_votes);
        var (away, covered, brain) = (double.MaxValue, 0.0, 0.0);
        for (var n = 0; n < _per * _per * _per; n++)
        {
            var x = ((((i * _per) + (n / (_per * _per))) + 0.5) * _h) - (r / 2.0);
            var y = ((((j * _per) + (n / _per % _per)) + 0.5) * _h) - (a / 2.0);
            var z = ((((k * _per) + (n % _per)) + 0.5) * _h) - (s / 2.0);
            var m = _head.ToModel(new Point(x, y, z));
            var envelope = BrainOutline.Envelope(m);
            away = Math.Min(away, envelope);
            if (envelope < _h || _request.WholeHead)
            {
                covered += Sample(m, envelope);
                brain += Shapes.Coverage(envelope, _h);
            }
        }

        if (covered <= 0)
        {
            return away;
        }

        var share = 1.0 / (_per * _per * _per);
        var at = (((i * made.Shape.J) + j) * made.Shape.K) + k;
        (made.Covered[at], made.Brain[at]) = ((float)(Math.Min(covered, 1 / share) * share), (float)(brain * share));
        made.Labels[at] = brain * share < 0.5 ? 0 : Label();
        for (var t = 0; t < _sum.Length; t++)
        {
            // Most voxels hold one to three tissues.
            if (_sum[t] > 0)
            {
                for (var n = 0; n < _table.Length; n++)
                {
                    made.Signals[n][at] += (float)(_sum[t] * share * _table[n][t]);
                }
            }
        }

        return away;
    }

    /// <summary>Adds a sample to the voxel's sum and votes; answers how much of it is tissue.</summary>
    private double Sample(Point m, double envelope)
    {
        Array.Clear(_parts);
        var anatomy = _lesions.BeforeGrowth(m, envelope);
        _model.Sample(anatomy, _h, envelope, _parts);
        _votes[(int)(envelope < _h ? _lesions.Apply(new LesionSite(m, anatomy, envelope, _h), _parts) : Finding.None)]++;
        if (_request.WholeHead)
        {
            HeadTissues.Sample(m, _h, envelope, _head, _parts);
        }

        var covered = Replacement.Total(_parts);
        AddVessels(_vessels.Coverage(anatomy, _h), covered);
        var texture = 1 + (0.018 * _head.Texture.At(m));
        for (var t = 0; t < _parts.Length; t++)
        {
            _sum[t] += _parts[t] * texture;
        }

        return covered;
    }

    private int Label()
    {
        var total = _per * _per * _per;
        if (total - _votes[0] < LabelledPart * total)
        {
            return 0;
        }

        var most = 1;
        for (var n = 2; n < _votes.Length; n++)
        {
            most = _votes[n] > _votes[most] ? n : most;
        }

        return PhantomDiseases.LabelOf(_request.Disease, (Finding)most);
    }

    private void AddVessels((double Artery, double Vein) vessels, double covered)
    {
        var blood = Math.Min(1, vessels.Artery + vessels.Vein);
        if (blood <= 0)
        {
            return;
        }

        for (var t = 0; t < _parts.Length; t++)
        {
            _parts[t] *= 1 - blood;
        }

        _parts[(int)Tissue.Artery] += covered * vessels.Artery * blood / (vessels.Artery + vessels.Vein);
        _parts[(int)Tissue.Vein] += covered * vessels.Vein * blood / (vessels.Artery + vessels.Vein);
    }
}
