using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Masking;
using BrainMVP.Federated.Training.Data;

namespace BrainMVP.Federated.Training.Evaluation;

/// <summary>One crop to reconstruct.</summary>
/// <param name="Start">Canvas coordinates of the first voxel.</param>
/// <param name="Target">C-order [R, A, S].</param>
/// <param name="Mask">True where filled.</param>
/// <param name="Filler">The other modality's crop; null for the template view.</param>
public sealed record ValidationSample(ValidationView View, int[] Start, float[] Target, bool[] Mask, float[]? Filler);

/// <summary>
/// The fixed crops and masks of the held-out cases. Their streams carry no round, so the numbers of two rounds differ
/// by the model alone.
/// </summary>
public sealed class ValidationSamples
{
    /// <summary>
    /// Held-out cases on which a pair of modalities is measured at most, spread evenly over all that have both: n
    /// modalities make n(n − 1) pairs, and a crop of every case for each would be several times the template view's.
    /// </summary>
    public const int MostCasesOfPair = 16;

    private readonly Plan _plan;
    private readonly string _site;
    private readonly SiteData _data;
    private readonly HashSet<(int Case, string Target, string Source)> _pairs = [];

    public ValidationSamples(Plan plan, string site, SiteData data)
    {
        (_plan, _site, _data) = (plan, site, data);
        foreach (var view in ValidationView.All([.. data.Owned]))
        {
            if (view.Source is { } source)
            {
                Choose(view.Target, source);
            }
        }

        Count = ((long)data.HeldOut.Sum(c => data.ModalitiesOf(c).Count) * plan.Training.ValidationCrops) + _pairs.Count;
    }

    /// <summary>Number of samples.</summary>
    public long Count { get; }

    /// <summary>
    /// Case after case in a fixed order: <c>training.validationCrops</c> crops of each modality in the template view;
    /// the first of them, under the same mask, also from each other modality. Crops are read when they are reached.
    /// </summary>
    public IEnumerable<ValidationSample> All()
    {
        for (var number = 0; number < _data.HeldOut.Count; number++)
        {
            var item = _data.HeldOut[number];
            var owned = _data.ModalitiesOf(item);
            foreach (var modality in owned)
            {
                for (var k = 0; k < _plan.Training.ValidationCrops; k++)
                {
                    var (start, first) = Draw(item, modality, k);
                    yield return first;
                    foreach (var source in owned.Where(s => k == 0 && _pairs.Contains((number, modality, s))))
                    {
                        yield return first with { View = new ValidationView(modality, source), Filler = CropOf(item, source, start) };
                    }
                }
            }
        }
    }

    private void Choose(string target, string source)
    {
        int[] cases = [.. Enumerable.Range(0, _data.HeldOut.Count).Where(i => _data.ModalitiesOf(_data.HeldOut[i]) is var owned
            && owned.Contains(target, StringComparer.Ordinal) && owned.Contains(source, StringComparer.Ordinal))];
        var count = Math.Min(cases.Length, MostCasesOfPair);
        for (var i = 0; i < count; i++)
        {
            _pairs.Add((cases[(int)((long)i * cases.Length / count)], target, source));
        }
    }

    private (int[] Start, ValidationSample Sample) Draw(TrainingCase item, string modality, int k)
    {
        CounterRandom Stream(string purpose) => new((ulong)_plan.Seed, "site", _site, "validation", item.Name, modality, k, purpose);
        var start = CropSampler.Draw(_plan.Imaging, item.Shape, item.Volume(modality), Stream("crop"));
        var mask = Masks.Draw(_plan.Training, _plan.Imaging.Crop, Stream("mask"));
        return (start, new ValidationSample(new ValidationView(modality), [.. start.Zip(item.CanvasOffset, (a, b) => a + b)], CropOf(item, modality, start), mask, null));
    }

    private float[] CropOf(TrainingCase item, string modality, int[] start)
    {
        var crop = _plan.Imaging.Crop;
        var voxels = new float[crop[0] * crop[1] * crop[2]];
        item.Volume(modality).Copy(start, crop, voxels);
        return voxels;
    }
}
