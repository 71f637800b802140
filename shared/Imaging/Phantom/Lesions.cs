using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>The lesions of one person.</summary>
internal sealed class Lesions
{
    private readonly List<ILesion> _all = [];
    private readonly Glioma? _glioma;

    public Lesions(PhantomRequest request, string subject, BrainModel model)
    {
        var (seed, disease) = (request.Seed, request.Disease);
        var random = new CounterRandom(seed, "phantom", subject, "lesions");
        var (kind, count, old) = (random.NextDouble(), random.NextDouble(), random.NextDouble());
        if (disease == PhantomDisease.Mixed)
        {
            disease = kind switch { < 0.3 => PhantomDisease.None, < 0.65 => PhantomDisease.Mixed, < 0.87 => PhantomDisease.Glioma, _ => PhantomDisease.Stroke };
        }

        switch (disease)
        {
            case PhantomDisease.Mixed:
                _all.Add(new Plaques(seed, subject, 4 + (int)(count * 9), sclerosis: false, model));
                break;
            case PhantomDisease.Ms:
                _all.Add(new Plaques(seed, subject, 8 + (int)(count * count * 36), sclerosis: true, model));
                break;
            case PhantomDisease.Glioma:
                _glioma = new Glioma(seed, subject, PhantomTraits.Of(seed, subject).HighGrade, model);
                _all.Add(_glioma);
                break;
            case PhantomDisease.Stroke:
                _all.Add(new Infarct(seed, subject));
                if (old > 0.3)
                {
                    _all.Add(new Plaques(seed, subject, 1 + (int)(count * 7), sclerosis: false, model));
                }

                break;
        }
    }

    /// <summary>Where the tissue at a model position came from before a tumour pushed it.</summary>
    public Point BeforeGrowth(Point m, double envelope) => _glioma is null || envelope > 0 ? m : _glioma.BeforeGrowth(m, envelope);

    public Finding Apply(in LesionSite site, Span<double> parts)
    {
        var found = Finding.None;
        foreach (var lesion in _all)
        {
            var one = lesion.Apply(site, parts);
            found = found == Finding.None ? one : found;
        }

        return found;
    }
}
