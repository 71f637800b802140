using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Networks.Masking;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Rounds;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Evaluation;

/// <summary>
/// Template-view reconstruction error on fixed crops and masks of the held-out cases. Their streams carry no round, so
/// the numbers of two rounds differ by the model alone.
/// </summary>
internal sealed class Validation(Plan plan, string site, SiteData data)
{
    /// <summary>Samples of one forward pass: fixed, because the pass's shape may reach the last bits.</summary>
    private const int Batch = 4;

    /// <summary>Sums of squared errors over all voxels, in double and in a fixed order, by modality.</summary>
    /// <exception cref="FederationException">BMF-1502 when an error is not finite.</exception>
    public IReadOnlyDictionary<string, ValidationSum> Run(ReconstructionModel model, TemplateBank templates, Action<TrainingProgress> progress, CancellationToken ct)
    {
        var crop = plan.Imaging.Crop;
        var voxels = crop[0] * crop[1] * crop[2];
        var total = (long)data.HeldOut.Sum(c => data.ModalitiesOf(c).Count) * plan.Training.ValidationCrops;
        var done = 0L;
        var sums = new SortedDictionary<string, ValidationSum>(StringComparer.Ordinal);
        model.eval();
        using var noGradient = no_grad();
        foreach (var part in Samples().Chunk(Batch))
        {
            ct.ThrowIfCancellationRequested();
            progress(new TrainingProgress("evaluate", done, total, 0));
            using var scope = NewDisposeScope();
            var targets = part.Select(s => s.Target).ToArray();
            var views = part.Select(s => View(s, templates, crop)).ToArray();
            var volume = model.call(stack(views).unsqueeze(1)).Volume;
            var reconstruction = ModelState.Elements(volume);
            for (var i = 0; i < part.Length; i++)
            {
                var error = SquaredError(reconstruction.Slice(i * voxels, voxels), targets[i]);
                var sum = sums.GetValueOrDefault(part[i].Modality) ?? new ValidationSum(0, 0);
                sums[part[i].Modality] = new ValidationSum(sum.SquaredError + error, sum.Voxels + voxels);
            }

            done += part.Length;
        }

        progress(new TrainingProgress("evaluate", done, total, 0));
        return sums.Values.All(s => double.IsFinite(s.SquaredError))
            ? sums
            : throw ErrorCatalogue.TrainingDiverged.With("The validation error of the model is not finite.");
    }

    private static Tensor View(Sample sample, TemplateBank templates, IReadOnlyList<int> crop)
    {
        using var scope = NewDisposeScope();
        long[] shape = [crop[0], crop[1], crop[2]];
        var filler = TemplateBank.Crop(templates.Normalized(sample.Modality), sample.Start, crop);
        return MaskedViews.Fill(tensor(sample.Target).reshape(shape), tensor(sample.Mask).reshape(shape), filler).MoveToOuterDisposeScope();
    }

    private static double SquaredError(ReadOnlySpan<float> reconstruction, ReadOnlySpan<float> target)
    {
        var sum = 0.0;
        for (var i = 0; i < target.Length; i++)
        {
            var difference = (double)reconstruction[i] - target[i];
            sum += difference * difference;
        }

        return sum;
    }

    private IEnumerable<Sample> Samples()
    {
        var crop = plan.Imaging.Crop;
        foreach (var item in data.HeldOut)
        {
            foreach (var modality in data.ModalitiesOf(item))
            {
                for (var k = 0; k < plan.Training.ValidationCrops; k++)
                {
                    CounterRandom Stream(string purpose) => new((ulong)plan.Seed, "site", site, "validation", item.Subject, modality, k, purpose);
                    var start = CropSampler.Draw(item.Shape, crop, Stream("crop"));
                    var target = new float[crop[0] * crop[1] * crop[2]];
                    CropSampler.Copy(item.Volume(modality).Span, item.Shape, start, crop, target);
                    var mask = GridMask.Draw(crop, plan.Training.MaskCell, plan.Training.MaskRatio, Stream("mask"));
                    yield return new Sample(modality, [.. start.Zip(item.CanvasOffset, (a, b) => a + b)], target, mask);
                }
            }
        }
    }

    private sealed record Sample(string Modality, int[] Start, float[] Target, bool[] Mask);
}
